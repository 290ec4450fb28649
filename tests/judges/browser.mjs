// Opens e-mails in Chromium and lets axe-core judge them; prints one JSON object a file.
// node browser.mjs /path/to/chromium one.html two.html …
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const VIEWS = [
  { name: "light", width: 800, scheme: "light", styled: true },
  { name: "dark", width: 800, scheme: "dark", styled: true },
  { name: "phone", width: 360, scheme: "light", styled: true },
  { name: "unstyled", width: 800, scheme: "light", styled: false },
  { name: "unstyled dark", width: 800, scheme: "dark", styled: false },
];

async function judge(browser, file, view) {
  const context = await browser.newContext({
    viewport: { width: view.width, height: 900 }, colorScheme: view.scheme, bypassCSP: true,
  });
  const asked = [];
  context.on("request", (request) => asked.push(request.url()));
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  if (!view.styled) await page.evaluate(() => document.querySelectorAll("style").forEach((one) => one.remove()));
  await page.evaluate(axe);
  const seen = await page.evaluate(async () => {
    const found = await window.axe.run({ resultTypes: ["violations"] });
    return {
      mode: document.compatMode,
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      findings: found.violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.length, html: nodes[0].html })),
    };
  });
  await context.close();
  return { view: view.name, asked: asked.filter((url) => !url.startsWith("file:")), ...seen };
}

const [executablePath, ...files] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
for (const file of files) {
  const views = await Promise.all(VIEWS.map((view) => judge(browser, file, view)));
  console.log(JSON.stringify({ file, views }));
}
await browser.close();
