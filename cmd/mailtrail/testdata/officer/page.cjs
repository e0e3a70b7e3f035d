// Looks at the records officer's page in a browser without JavaScript, downloads a proof by a click, and prints what it saw
// as JSON. Arguments: the browser, the page, name and token, the slot's path, the folder for what it writes.
const { chromium } = require('playwright-core');
const [executablePath, url, username, password, proof, folder] = process.argv.slice(2);

(async () => {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const saw = { complaints: [] };
  for (const scheme of ['light', 'dark']) {
    const context = await browser.newContext({
      javaScriptEnabled: false, httpCredentials: { username, password }, colorScheme: scheme, viewport: { width: 1280, height: 900 }, acceptDownloads: true,
    });
    const page = await context.newPage();
    page.on('console', (m) => saw.complaints.push(m.text()));
    page.on('pageerror', (e) => saw.complaints.push(String(e)));
    const answer = await page.goto(url);
    saw.status = answer.status();
    await page.screenshot({ path: `${folder}/${scheme}.png`, fullPage: true });
    saw[scheme] = await page.evaluate(() => ({
      ground: getComputedStyle(document.body).backgroundColor, width: document.documentElement.scrollWidth,
    }));
    if (scheme === 'light') {
      saw.page = await page.evaluate(() => {
        const all = (s) => [...document.querySelectorAll(s)];
        const text = (e) => e.textContent.trim();
        return {
          title: document.title, lang: document.documentElement.lang, text: document.body.innerText,
          headings: all('h1, h2, h3, h4').map((h) => Number(h.tagName[1])),
          landmarks: ['header', 'main', 'footer'].filter((name) => all(name).length === 1),
          tables: all('table').map((t) => ({
            caption: t.caption ? text(t.caption) : '',
            columns: [...t.tHead.rows[0].cells].map((c) => `${c.tagName} ${c.scope} ${text(c)}`),
            rows: [...t.tBodies[0].rows].map((r) => `${r.cells[0].tagName} ${r.cells[0].scope} ${r.cells.length}`),
          })),
          unlabelled: all('select, input, textarea').filter((e) => e.labels.length === 0).map((e) => e.outerHTML),
          nameless: all('a, button').filter((e) => !text(e) && !e.getAttribute('aria-label')).map((e) => e.outerHTML),
          ids: all('[id]').map((e) => e.id), labelled: all('[aria-labelledby]').map((e) => e.getAttribute('aria-labelledby')),
          forbidden: all('script, [style]:not([style=""]), iframe, object, embed, [onclick], [onload]').map((e) => e.outerHTML.slice(0, 200)),
          contrast: getComputedStyle(document.querySelector('.verdict')).backgroundColor,
          cookies: document.cookie,
        };
      });
      const started = page.waitForEvent('download');
      await page.click(`a[href="${proof}"]`);
      const download = await started;
      saw.name = download.suggestedFilename();
      await download.saveAs(`${folder}/proof.json`);
      await page.setViewportSize({ width: 360, height: 740 });
      saw.narrow = await page.evaluate(() => document.documentElement.scrollWidth);
      await page.screenshot({ path: `${folder}/narrow.png` });
      await page.pdf({ path: `${folder}/print.pdf`, format: 'A4', printBackground: true });
    }
    await context.close();
  }
  await browser.close();
  process.stdout.write(JSON.stringify(saw));
})().catch((e) => { process.stderr.write(String(e && e.stack || e)); process.exit(1); });
