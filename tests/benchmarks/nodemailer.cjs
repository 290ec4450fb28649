// nodemailer's pool, as its documentation shows it: node nodemailer.cjs FOLDER PORT CONNECTIONS COUNT raw|built
const [folder, port, connections, count, kind] = process.argv.slice(2);
const nodemailer = require(require.resolve("nodemailer", { paths: [folder] }));
const line = "<p>" + "What these words say is of no matter here. ".repeat(13) + "</p>\r\n";
const html = line.repeat(108);
const text = "What these words say is of no matter here, as they fill a line. Yes so\r\n".repeat(210);
const pool = nodemailer.createTransport({
  pool: true, host: "127.0.0.1", port: Number(port), secure: false, ignoreTLS: true,
  maxConnections: Number(connections), maxMessages: Infinity,
});

function message(n) {
  const to = `reader${n}@example.org`, from = "brief@example.org";
  const link = `https://brief.example.org/leave/${n}`;
  if (kind === "built") return { from, to, subject: "x", text: text + link, html: html + link };
  const head = `From: ${from}\r\nTo: ${to}\r\nSubject: x\r\nMessage-ID: <${n}@example.org>\r\n\r\n`;
  return { envelope: { from, to: [to] }, raw: head + text + html + link + "\r\n" };
}

async function main() {
  const began = process.hrtime.bigint(), used = process.cpuUsage();
  let next = 0;
  const lane = async () => { while (next < Number(count)) await pool.sendMail(message(next++)); };
  await Promise.all(Array.from({ length: Number(connections) }, lane));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9, { user, system } = process.cpuUsage(used);
  console.log(JSON.stringify([seconds, (user + system) / 1e6]));
  pool.close();
}
main();
