// JupyterLab and Notebook 7 in a real browser: open a notebook, run cells, see the pictures,
// complete a name, read a page, interrupt a long cell, in light and dark.
//
//   node kernel/tests/browser/lab.js OUT
//
// OUT gets the screenshots. Wanted on the machine: `jupyter` with jupyterlab 4 and notebook 7 and
// the kernel "convac" installed for it (`pip install .`), Chromium (CHROMIUM, default
// /usr/bin/chromium), and the npm package playwright-core (NODE_PATH).
'use strict';

const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { chromium } = require('playwright-core');

const OUT = path.resolve(process.argv[2] || 'screenshots');
const ROOT = path.resolve(__dirname, '..', '..', '..');
const PATIENCE = 60000;
const LONG = 'sum([sum([i * j mod 7 for j in 1..2000]) for i in 1..1000000])';

function check(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
  console.log(`ok  ${what}`);
}

// A server of its own: nothing of the user's is read or written.
async function serve(folder) {
  const home = path.join(folder, 'home');
  fs.mkdirSync(home);
  const server = spawn('jupyter', [
    'lab', '--no-browser', '--ServerApp.ip=127.0.0.1', '--ServerApp.port=0',
    '--IdentityProvider.token=t', '--ServerApp.allow_root=True', `--ServerApp.root_dir=${folder}`,
    '--LabApp.news_url=', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate'
  ], {
    env: {
      ...process.env, JUPYTER_CONFIG_DIR: path.join(home, 'config'),
      JUPYTER_DATA_DIR: path.join(home, 'data'), JUPYTER_RUNTIME_DIR: path.join(home, 'runtime'),
      JUPYTERLAB_SETTINGS_DIR: path.join(home, 'settings'), XDG_DATA_HOME: path.join(home, 'xdg'),
      JUPYTERLAB_WORKSPACES_DIR: path.join(home, 'workspaces')
    }
  });
  let log = '';
  const address = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no server: ${log}`)), PATIENCE);
    const read = chunk => {
      log += chunk;
      const found = /http:\/\/127\.0\.0\.1:(\d+)\/lab/.exec(log);
      if (found) {
        clearTimeout(timer);
        resolve(`http://127.0.0.1:${found[1]}`);
      }
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.on('exit', code => reject(new Error(`the server ended with ${code}: ${log}`)));
  });
  return { server, address, log: () => log };
}

async function main() {
  fs.mkdirSync(OUT, { recursive: true });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'convac-browser-'));
  for (const name of ['01-first-tour.ipynb', '04-pooling-geometry.ipynb']) {
    fs.copyFileSync(path.join(ROOT, 'notebooks', name), path.join(folder, name));
  }
  fs.copyFileSync(path.join(ROOT, 'examples', '01-first.cac'), path.join(folder, 'first.cac'));
  const cells = [
    'let net = network {\n  input(16, dim = 4)\n  conv(8), pool(2)\n  conv(16), pool(2)  # half\n  conv(4), pool(4)\n  output(10)\n}\nmin_cut(net, interleaved)',
    '[{r, bits: r ^ 2} for r in 1..6] |> plot(x = "r", y = "bits", title = "A plot")',
    LONG,
    'net.sites + 26',
    ''
  ];
  const cell = (source, i) => ({
    cell_type: 'code', id: `c${i}`, metadata: {}, source, outputs: [], execution_count: null
  });
  fs.writeFileSync(path.join(folder, 'test.ipynb'), JSON.stringify({
    cells: cells.map(cell), nbformat: 4, nbformat_minor: 5,
    metadata: { kernelspec: { display_name: 'ConvAC', language: 'convac', name: 'convac' } }
  }));

  const { server, address, log } = await serve(folder);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-quic']
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1100 } });
    page.setDefaultTimeout(PATIENCE);
    const shot = name => page.screenshot({ path: path.join(OUT, `${name}.png`) });
    const settle = () => page.waitForTimeout(700);

    await page.goto(`${address}/lab?token=t`);
    await page.waitForSelector('.jp-Launcher');
    await page.waitForSelector('.jp-LauncherCard[title*="ConvAC"], .jp-LauncherCard:has-text("ConvAC")');
    await settle();
    await shot('01-launcher');
    check(true, 'the launcher offers ConvAC');

    await page.goto(`${address}/lab/tree/test.ipynb?token=t`);
    const codeCells = page.locator('.jp-Notebook .jp-CodeCell');
    await codeCells.first().waitFor();
    await page.waitForSelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]');
    await settle();
    const colours = await codeCells.first().locator('.cm-line span').evaluateAll(spans =>
      [...new Set(spans.map(span => getComputedStyle(span).color))].length);
    check(colours >= 4, `the cell has ${colours} colours`);

    const run = async i => {
      await codeCells.nth(i).locator('.cm-content').click();
      await page.keyboard.press('Control+Enter');
    };
    const output = i => codeCells.nth(i).locator('.jp-OutputArea-output');
    await run(0);
    const drawn = output(0).first().locator(':is(svg, img)').first();
    await drawn.waitFor();
    check((await drawn.boundingBox()).height > 100, 'a cut is drawn below its cell');
    await run(1);
    await codeCells.nth(1).locator('.jp-OutputArea-output :is(svg, img)').first().waitFor();
    check(true, 'a plot is drawn below its cell');
    await settle();
    await shot('02-cells');

    await run(2);
    await page.waitForSelector('.jp-Notebook-ExecutionIndicator[data-status="busy"]');
    await output(2).first().waitFor();
    check((await output(2).first().innerText()).includes('%'), 'a long cell shows its progress');
    await shot('03-progress');
    await page.keyboard.press('Escape');
    await page.keyboard.press('i');
    await page.keyboard.press('i');
    await output(2).filter({ hasText: 'E09' }).first().waitFor();
    check(true, 'a long cell is interrupted');
    await run(3);
    await output(3).first().waitFor();
    check((await output(3).first().innerText()).includes('42'), 'what was bound is still there');
    await shot('04-interrupted');

    await codeCells.nth(4).locator('.cm-content').click();
    await page.keyboard.type('min_c');
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => {
      const cells = document.querySelectorAll('.jp-Notebook .jp-CodeCell');
      const last = cells[cells.length - 1].querySelector('.cm-content').textContent;
      return last === 'min_cut' || document.querySelector('.jp-Completer:not(.lm-mod-hidden)');
    });
    const only = await codeCells.nth(4).locator('.cm-content').textContent();
    if (only !== 'min_cut') await page.keyboard.press('Enter');
    check((await codeCells.nth(4).locator('.cm-content').textContent()) === 'min_cut', 'Tab completes a name');
    await page.keyboard.type('(net, ');
    await page.keyboard.press('Tab');
    await page.waitForSelector('.jp-Completer:not(.lm-mod-hidden)');
    await settle();
    await shot('05-completion');
    check((await page.locator('.jp-Completer').innerText()).includes('left_right'), 'partitions are offered where one is wanted');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Tab');
    await page.waitForSelector('.jp-Tooltip');
    await settle();
    await shot('06-inspection');
    check((await page.locator('.jp-Tooltip').innerText()).includes('min_cut'), 'Shift-Tab shows the page');
    await page.keyboard.press('Escape');
    await codeCells.nth(4).locator('.cm-content').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('min_cut(net, left_rihgt)');
    await page.keyboard.press('Control+Enter');
    await output(4).first().waitFor();
    const error = await output(4).first().innerText();
    check(error.includes('E02') && error.includes('^') && error.includes('did you mean'), 'a typo gets a caret and a hint');
    await settle();
    await shot('07-error');
    await page.keyboard.press('Control+S');

    await page.goto(`${address}/lab/tree/first.cac?token=t`);
    await page.waitForSelector('.jp-FileEditor .cm-line span');
    await settle();
    await shot('08-file');
    check(true, 'a .cac file opens with colours');

    await page.goto(`${address}/lab/tree/01-first-tour.ipynb?token=t`);
    await page.waitForSelector('.jp-OutputArea-output');
    await settle();
    await page.evaluate(() => document.querySelector('.jp-WindowedPanel-outer')?.scrollTo(0, 900));
    await settle();
    await shot('09-stored-light');
    // Dark: through the menu of settings, as a user does it.
    await page.evaluate(() => {
      document.body.dataset.jpThemeLight = 'false';
    });
    await page.keyboard.press('Escape');
    await page.click('text=Settings');
    await page.hover('.lm-Menu-item:has-text("Theme")');
    await page.click('.lm-Menu-item:has-text("JupyterLab Dark"):not(:has-text("High"))');
    await page.waitForTimeout(2500);
    await shot('10-stored-dark');

    await page.goto(`${address}/notebooks/test.ipynb?token=t`);
    await page.waitForSelector('.jp-Notebook .jp-CodeCell');
    await settle();
    await page.locator('.jp-Notebook .jp-CodeCell .cm-content').first().click();
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('.jp-Notebook .jp-CodeCell .jp-OutputArea-output :is(svg, img)');
    await settle();
    await shot('11-notebook7');
    check(true, 'Notebook 7 runs the same cell');
    console.log(`screenshots are in ${OUT}`);
  } catch (error) {
    const pages = browser.contexts().flatMap(context => context.pages());
    for (const page of pages) await page.screenshot({ path: path.join(OUT, 'failed.png') });
    console.error(log().split('\n').slice(-20).join('\n'));
    throw error;
  } finally {
    await browser.close();
    server.removeAllListeners('exit');
    server.kill('SIGINT');
    server.kill('SIGTERM');
    await new Promise(resolve => setTimeout(resolve, 1500));
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main().then(() => process.exit(0), error => {
  console.error(`failed: ${error.message}`);
  process.exit(1);
});
