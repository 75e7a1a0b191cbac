// The page beside this file, driven in headless Chromium: outputs, errors, progress, completion, interrupt, restart, saving.
//
//   node check.mjs URL FOLDER
//
// URL is that of the page with the notebook that `node check.mjs --notebook` prints; FOLDER gets the pictures. Needs playwright-core and a Chromium
// (CHROMIUM, default /usr/bin/chromium).
import { createRequire } from 'node:module';
import path from 'node:path';

const cells = [
    '#r "nuget: TorchSharp-cpu, 0.107.0"',
    'using Cai.Reproduction;\nusing Cai.Figures;\nvar numbers = new List<double> { 1, 4, 9 };\nConsole.WriteLine("printed");\nnumbers.Sum()',
    'new Figure("Sizes", new Axis("parameters", AxisScale.Log), new Axis("share"), [new LineSeries("s", [new(2e5, 0, -0.1, 0.1), new(1e6, 1, 0.9, 1.1)])])',
    'Table.Of(numbers, new Column<double>("number", n => n), new Column<double>("<b>", n => "<script>"))',
    'var a = 1;\nthrow new Exception("as expected");',
    `var shown = RunContext.Announced.Progress;
for (var i = 0; i <= 40; i++)
{
    shown.Report(new StageProgress("training", i, 40, "", "steps", new Dictionary<string, double> { ["loss"] = 1.0 / (i + 1) }));
    await Task.Delay(200);
}`,
    'Console.WriteLine("go");\nwhile (true) GC.KeepAlive(new object());',
];
const [url, folder] = process.argv.slice(2);
if (url === '--notebook') {
    const metadata = { kernelspec: { name: '.net-csharp', display_name: '.NET (C#)', language: 'C#' } };
    console.log(JSON.stringify({ cells: cells.map((source, i) => ({ cell_type: 'code', id: `c${i}`, metadata: {}, execution_count: null, outputs: [], source })), metadata, nbformat: 4, nbformat_minor: 5 }));
    process.exit(0);
}

const { chromium } = createRequire(path.join(process.cwd(), 'x'))('playwright-core');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
const timeout = 120_000;
let failed = 0;
const check = async (name, action) => {
    try {
        await action();
        console.log(`ok     ${name}`);
    } catch (error) {
        failed++;
        console.log(`FAILED ${name}: ${error.message.split('\n')[0]}`);
    }
    await page.screenshot({ path: path.join(folder, `${name.replaceAll(' ', '-')}.png`) });
};
const must = (holds, what) => { if (!holds) throw new Error(what); };
const run = index => page.evaluate(i => lab.run(i), index);
const output = index => page.locator('.jp-Cell').nth(index).locator('.jp-Cell-outputArea');
const idle = () => page.waitForFunction(() => window.lab?.kernel()?.status === 'idle', null, { timeout });
const sums = async () => {
    await run(0);
    await run(1);
    await output(1).getByText('printed').waitFor({ timeout });
    await output(1).getByText('14').waitFor({ timeout });
};

await page.goto(url, { timeout });
await check('kernel starts', idle);
await check('cells run', sums);
await check('a figure is a picture', async () => {
    await run(2);
    await output(2).locator('img').waitFor({ timeout });
});
await check('a table shows text as text', async () => {
    await run(3);
    await output(3).getByText('<script>').first().waitFor({ timeout });
    must(await output(3).locator('tbody tr').count() === 3, 'three rows expected');
});
await check('an error names its line', async () => {
    await run(4);
    await output(4).getByText('line 2').first().waitFor({ timeout });
});
await check('progress ends as one figure', async () => {
    const done = run(5);
    await output(5).locator('progress').first().waitFor({ timeout });
    await page.screenshot({ path: path.join(folder, 'progress.png') });
    await done;
    await output(5).locator('progress').first().waitFor({ state: 'detached', timeout });
    must(await output(5).locator('img').count() === 1, 'one image expected');
});
await check('completion and inspection', async () => {
    const [matches, found] = await page.evaluate(async () => [
        (await lab.kernel().requestComplete({ code: 'numbers.Su', cursor_pos: 10 })).content.matches,
        (await lab.kernel().requestInspect({ code: 'numbers.Sum()', cursor_pos: 10, detail_level: 0 })).content.found,
    ]);
    must(matches.includes('Sum') && found, `${matches} ${found}`);
});
await check('an interrupt stops a loop', async () => {
    const done = run(6);
    await output(6).getByText('go').waitFor({ timeout });
    await page.evaluate(() => lab.kernel().interrupt());
    await done;
    await output(6).getByText('Interrupted').first().waitFor({ timeout });
});
await check('a restart forgets and works', async () => {
    await page.evaluate(() => lab.kernel().restart());
    await idle();
    await sums();
});
await check('the notebook is saved', () => page.evaluate(() => lab.save()));
await browser.close();
process.exit(failed);
