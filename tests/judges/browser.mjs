// Opens e-mails in Chromium and lets axe-core judge them; prints one JSON object a file.
// node browser.mjs /path/to/chromium one.html two.html …
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const VIEWS = [
  { name: "phone", width: 360, scheme: "light", styled: true },
  { name: "light", width: 800, scheme: "light", styled: true, only: ["color-contrast"] },
  { name: "dark", width: 800, scheme: "dark", styled: true, only: ["color-contrast"] },
  { name: "unstyled", width: 800, scheme: "light", styled: false },
  { name: "unstyled dark", width: 360, scheme: "dark", styled: false, only: ["color-contrast"] },
]; // colours are all that tells the views with `only` from those without

async function judge(browser, file) {
  const context = await browser.newContext();
  const asked = [];
  context.on("request", (request) => asked.push(request.url()));
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  await page.evaluate(axe);
  const views = [];
  for (const view of VIEWS) {
    await page.setViewportSize({ width: view.width, height: 900 });
    await page.emulateMedia({ colorScheme: view.scheme });
    if (!view.styled) await page.evaluate(() => document.querySelectorAll("style").forEach((one) => one.remove()));
    views.push({ view: view.name, ...(await page.evaluate(look, view.only)) });
  }
  await context.close();
  return { file, views, asked: asked.filter((url) => !url.startsWith("file:")) };
}

async function look(only) {
  const found = await window.axe.run({ resultTypes: ["violations"], ...(only && { runOnly: only }) });
  return {
    mode: document.compatMode,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    findings: found.violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes[0].html })),
  };
}

const [executablePath, ...files] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
for (const file of files) console.log(JSON.stringify(await judge(browser, file)));
await browser.close();
