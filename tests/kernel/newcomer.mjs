// What a newcomer does, in headless Chromium, by what the eye sees: opens the report, finds the result on the paper's
// Figure 8, finds why a claim does not agree, goes to the notebook, and in Jupyter changes a cell and runs it again.
// Screenshots are for the eye; the checks are in here.
//
//   node newcomer.mjs REPORT URL FOLDER
//
// REPORT is an index.html, URL that of a running Jupyter server's list of notebooks (- for none), FOLDER gets the pictures.
// Needs playwright-core and a Chromium (CHROMIUM, default /usr/bin/chromium).
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { chromium } = createRequire(path.join(process.cwd(), 'x'))('playwright-core');
const [report, url, folder] = process.argv.slice(2);
const patience = 120_000;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const must = (fact, message) => { if (!fact) throw new Error(message); };
let failed = 0;

async function check(page, name, action) {
    try {
        console.log(`ok     ${name}: ${await action()}`);
    } catch (error) {
        failed++;
        console.log(`FAILED ${name}: ${error.message.split('\n')[0]}`);
    }
    await page.screenshot({ path: path.join(folder, `${name.replaceAll(' ', '-')}.png`), timeout: patience });
}

// What stands on the screen, not merely on the page.
const inView = locator => locator.evaluate(element => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
});

// Scrolling and figures that are drawn above move the place for a moment.
async function arrive(locator, what) {
    for (let i = 0; i < 60 && !await inView(locator); i++) await locator.page().waitForTimeout(250);
    must(await inView(locator), `${what} is not on the screen`);
}

async function read(width) {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.setDefaultTimeout(patience);
    const errors = [];
    page.on('pageerror', error => errors.push(error.message));
    page.on('console', message => message.type() === 'error' && errors.push(message.text()));
    const step = (name, action) => check(page, `${name} at ${width}`, action);
    const row = page.locator('.part tr[data-verdict]').locator('visible=true');

    await step('the first figure', async () => {
        await page.goto(pathToFileURL(path.resolve(report)).href, { waitUntil: 'commit' });
        await page.getByRole('heading', { name: 'The main result (Figure 2)' }).waitFor();
        await page.locator('.figure').first().locator('img, svg.main-svg').first().waitFor();
        await page.locator('.figure').first().locator('svg.main-svg').first().waitFor();
        const [paint, now] = await page.evaluate(() => [performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, performance.now()]);
        return `the page after ${Math.round(paint)} ms, the figure interactive after ${Math.round(now)} ms`;
    });
    await step('the result on Figure 8', async () => {
        await page.getByRole('navigation').getByText('Every claim').click();
        await page.getByRole('main').getByRole('link', { name: 'Fig 8', exact: true }).click();
        const part = page.locator('details', { has: page.getByText('Fig 8', { exact: true }) }).first();
        await arrive(part.locator('tbody tr').first(), 'the first claim on Figure 8');
        const text = await part.locator('tbody tr').first().innerText();
        must(/agrees|inconclusive|contradicts|not measured/.test(text) && /Fig 8/.test(text) && /\d/.test(text), `no verdict in "${text}"`);
        await part.getByRole('link', { name: /Figure 8/ }).click();
        const heading = page.getByRole('heading', { name: /Figure 8/ });
        await arrive(heading, 'the section on Figure 8');
        const figure = page.locator('h2:has-text("Figure 8")').locator('xpath=following::div[@class="figure"][1]');
        await figure.scrollIntoViewIfNeeded();
        await figure.locator('svg.main-svg').first().waitFor();
        return (await heading.innerText()).trim();
    });
    await step('searching for Figure 8', async () => {
        await page.goto(pathToFileURL(path.resolve(report)).href + '#claims');
        await page.getByLabel('Search').fill('Figure 8');
        const found = await row.allInnerTexts();
        must(found.length > 0 && found.every(text => /Fig 8\b/.test(text)), `found ${found.length}: ${found.join(' | ').slice(0, 200)}`);
        await page.getByLabel('Search').fill('');
        return `${found.length} claims`;
    });
    let verdict, claim;
    await step('why a claim does not agree', async () => {
        for (verdict of ['inconclusive', 'contradicts', 'not measured']) {
            for (const box of ['agrees', 'inconclusive', 'contradicts', 'not measured'])
                await page.getByLabel(box, { exact: true }).setChecked(box === verdict);
            if (await row.count() > 0) break;
        }
        const found = await row.allInnerTexts();
        must(found.length > 0, 'every claim agrees');
        must(found.every(text => text.includes(verdict)), 'the filter shows others');
        claim = row.filter({ hasText: 'why:' }).filter({ has: page.locator('td a') }).first();
        const why = claim.getByText(/^why:/).locator('xpath=..');
        await why.scrollIntoViewIfNeeded();
        await arrive(why, 'the reason');
        return `${found.length} ${verdict}; ${(await why.innerText()).replaceAll('\n', ' ')}`;
    });
    await step('the notebook that it comes from', async () => {
        const words = (await claim.locator('.claim').innerText()).split(' Fig ')[0].split('\n')[0].slice(0, 40);
        await claim.getByRole('link').click();
        const target = page.locator('tr:target');
        await arrive(target, 'the cell that made the number');
        must((await target.innerText()).replaceAll('\n', ' ').includes(words), `the row does not say "${words}"`);
        const file = target.locator('xpath=ancestor::section').getByRole('link', { name: /\.ipynb$/ });
        await file.scrollIntoViewIfNeeded();
        await arrive(file, "the notebook's name");
        must(existsSync(fileURLToPath(await file.evaluate(link => link.href))), `${await file.innerText()} is not there`);
        return await file.innerText();
    });
    await step('nothing is wider than the screen', async () => {
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        must(wider <= 0, `${wider} px`);
        must(errors.length === 0, errors[0]);
        return 'and no errors';
    });
    await page.close();
}

async function change() {
    const list = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    list.setDefaultTimeout(patience);
    let page = list;
    await check(list, 'a notebook opens in Jupyter', async () => {
        await list.goto(url);
        const opened = list.context().waitForEvent('page');
        await list.getByText('01-helpful-model.ipynb').click();
        page = await opened;
        page.setDefaultTimeout(patience);
        await page.locator('.kernel_idle_icon').waitFor();
        return await page.title();
    });
    const busy = () => page.getByText('In [*]:').count();
    const cell = () => page.locator('.code_cell', { hasText: 'change me' });
    const output = () => cell().locator('.output');
    const settled = async () => {
        for (let i = 0; i < 2400 && await busy() > 0; i++) await page.waitForTimeout(500);
        must(await busy() === 0, 'cells still run after 20 minutes');
    };
    let before;
    await check(page, 'all of its cells run', async () => {
        await page.getByRole('link', { name: 'Cell', exact: true }).click();
        await page.getByText('Run All', { exact: true }).click();
        await page.getByText('In [*]:').first().waitFor();
        await settled();
        await cell().scrollIntoViewIfNeeded();
        before = (await output().innerText()).trim();
        must(before.includes('temperature 0:'), `it says "${before}"`);
        return before;
    });
    await check(page, 'a changed cell says something else', async () => {
        const line = cell().locator('.CodeMirror-line', { hasText: 'change me' });
        await line.locator('.cm-number').click();
        await page.keyboard.press('Home');
        for (let i = 0; i < 'var temperature = '.length; i++) await page.keyboard.press('ArrowRight');
        for (let i = 0; i < '0.0'.length; i++) await page.keyboard.press('Delete');
        await page.keyboard.type('1.5');
        must((await line.innerText()).includes('var temperature = 1.5; // change me'), `the line is "${await line.innerText()}"`);
        await page.keyboard.press('Shift+Enter');
        await settled();
        await cell().scrollIntoViewIfNeeded();
        const after = (await output().innerText()).trim();
        const found = text => /temperature [\d.]+: (.*)/.exec(text)?.[1];
        must(after.includes('temperature 1.5:') && found(after) && found(after) !== found(before), `it says "${after}"`);
        return after;
    });
    await page.close();
}

for (const width of [390, 1280, 1920]) await read(width);
if (url !== '-') await change();
await browser.close();
process.exit(failed);
