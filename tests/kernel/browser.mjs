// The Jupyter notebook server with this kernel, driven in headless Chromium: a cell runs, completion offers names, a
// figure and a training's progress show, an interrupt stops a loop. Screenshots are for the eye; the checks are in here.
//
//   JUPYTER_PATH=DIR/share/jupyter node browser.mjs URL FOLDER
//
// URL is that of a notebook in a running server, FOLDER gets the pictures. Needs playwright-core and a Chromium
// (CHROMIUM, default /usr/bin/chromium).
import { createRequire } from 'node:module';
import path from 'node:path';

const { chromium } = createRequire(path.join(process.cwd(), 'x'))('playwright-core');
const [url, folder] = process.argv.slice(2);
const patience = 120_000;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
const shot = name => page.screenshot({ path: path.join(folder, `${name}.png`) });
let failed = 0;

async function check(name, action) {
    try {
        await action();
        console.log(`ok     ${name}`);
    } catch (error) {
        failed++;
        console.log(`FAILED ${name}: ${error.message.split('\n')[0]}`);
    }
    await shot(name.replaceAll(' ', '-'));
}

// The classic notebook (6.4) offers itself to scripts as window.Jupyter.
const idle = () => page.waitForFunction(() => window.Jupyter?.notebook?.kernel?.is_connected() && !window.Jupyter.notebook.kernel_busy, null, { timeout: patience });
const run = (index, code) => page.evaluate(([index, code]) => {
    const notebook = Jupyter.notebook;
    while (notebook.ncells() <= index) notebook.insert_cell_at_bottom('code');
    notebook.select(index);
    notebook.get_cell(index).set_text(code);
    notebook.get_cell(index).execute();
}, [index, code]);
const output = index => page.locator('.cell').nth(index).locator('.output');

await page.goto(url, { timeout: patience });
await check('kernel starts', idle);
await check('cells run', async () => {
    await run(0, '#r "nuget: TorchSharp-cpu, 0.107.0"');
    await run(1, 'using Cai.Reproduction;\nusing Cai.Figures;\nvar numbers = new List<double> { 1, 4, 9 };\nConsole.WriteLine("printed");\nnumbers.Sum()');
    await output(1).getByText('14').waitFor({ timeout: patience });
    await output(1).getByText('printed').waitFor({ timeout: patience });
});
await check('a figure shows', async () => {
    await run(2, 'new Figure("Squares", new Axis("n"), new Axis("n squared"), [new LineSeries("squares", [new(1, 1), new(2, 4), new(3, 9)])])');
    await output(2).locator('img').waitFor({ timeout: patience });
});
await check('an error names its line', async () => {
    await run(3, 'var a = 1;\nthrow new Exception("as expected");');
    await output(3).getByText('line 2').first().waitFor({ timeout: patience });
});
await check('completion offers names', async () => {
    await page.evaluate(() => {
        const notebook = Jupyter.notebook;
        notebook.insert_cell_at_bottom('code');
        notebook.select(4);
        notebook.get_cell(4).set_text('numbers.Su');
        notebook.edit_mode();
        notebook.get_cell(4).code_mirror.setCursor(0, 10);
        notebook.get_cell(4).focus_editor();
    });
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => Jupyter.notebook.get_cell(4).get_text() === 'numbers.Sum' || document.querySelector('#complete'), null, { timeout: patience });
});
await page.keyboard.press('Escape');
await check('progress shows while a cell runs', async () => {
    await run(4, `var shown = RunContext.Announced.Progress;
for (var i = 0; i <= 40; i++)
{
    shown.Report(new StageProgress("training", i, 40, $"loss {1.0 / (i + 1):0.000}", "steps", new Dictionary<string, double> { ["loss"] = 1.0 / (i + 1) }));
    for (var j = 0; j <= 4; j++)
    {
        shown.Report(new StageProgress("answers", j, 8, "", "texts"));
        await Task.Delay(50);
    }
}`);
    await output(4).locator('progress').nth(1).waitFor({ timeout: patience });
    await output(4).locator('img').waitFor({ timeout: patience });
    await output(4).locator('img').scrollIntoViewIfNeeded();
});
await check('and ends as one figure', async () => {
    await output(4).locator('progress').first().waitFor({ state: 'detached', timeout: patience });
    await idle();
    await output(4).locator('img').scrollIntoViewIfNeeded();
    const images = await output(4).locator('img').count();
    if (images !== 1) throw new Error(`${images} images`);
});
await check('an interrupt stops a loop', async () => {
    await run(5, 'Console.WriteLine("go");\nwhile (true) GC.KeepAlive(new object());');
    await output(5).getByText('go').waitFor({ timeout: patience });
    await page.evaluate(() => Jupyter.notebook.kernel.interrupt());
    await output(5).getByText('Interrupted').first().waitFor({ timeout: patience });
    await run(6, 'numbers.Count');
    await output(6).getByText('3').first().waitFor({ timeout: patience });
});
await browser.close();
process.exit(failed);
