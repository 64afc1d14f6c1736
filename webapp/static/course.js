// The lesson's page: commands, hints, answers, the check, and terminals.
import { Terminals } from "./terminals.mjs";

const main = document.querySelector("main");
const say = main.dataset;
const lesson = location.pathname;
const remembered = (name) => sessionStorage.getItem(`${name}:${say.stack}:${say.lesson}`);
const remember = (name, value) => sessionStorage.setItem(`${name}:${say.stack}:${say.lesson}`, value);

const terminals = document.querySelector(".terminals") ? new Terminals(main) : null;

for (const button of document.querySelectorAll("[data-copy]")) {
  const words = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = say.sayCopied;
    setTimeout(() => { button.textContent = words; }, 1500);
  });
}

for (const button of document.querySelectorAll(".run")) {
  button.addEventListener("click", () => terminals.run(button.dataset.place, button.dataset.line));
}

const hints = [...document.querySelectorAll(".hint")];
const next = document.getElementById("hint");
function showHints(many) {
  hints.forEach((hint, index) => { hint.hidden = index >= many; });
  next.hidden = many >= hints.length;
}
let shown = Number(remembered("hints"));
showHints(shown);
next.addEventListener("click", () => {
  shown += 1;
  remember("hints", shown);
  showHints(shown);
});

for (const field of document.querySelectorAll("textarea")) {
  field.value = remembered(field.id) ?? "";
  field.addEventListener("input", () => remember(field.id, field.value));
}

const check = document.getElementById("check");
const checking = document.getElementById("checking");
const claims = document.getElementById("claims");
const running = () => document.getElementById("checked").dataset.running === "yes";

let last = "";
function show(text) {
  if (text !== last) claims.innerHTML = text;
  last = text;
}

async function follow() {
  check.disabled = true;
  checking.textContent = say.sayChecking;
  const begin = Date.now();
  do {
    await new Promise((done) => { setTimeout(done, 400); });
    try {
      const answer = await fetch(`${lesson}/claims`);
      if (answer.ok) show(await answer.text());
    } catch {
      checking.textContent = say.sayLost;
      continue;
    }
    checking.textContent = `${say.sayChecking} ${Math.round((Date.now() - begin) / 1000)} s`;
  } while (running());
  checking.textContent = say.sayChecked;
  check.disabled = false;
  draw();
}

check.addEventListener("click", async () => {
  const answer = await fetch(`${lesson}/check`, { method: "POST" });
  if (answer.ok) follow();
  else checking.textContent = `${say.sayRefused} ${(await answer.json()).error}`;
});
if (running()) follow();

// The states of the lab, as long as somebody looks.
const LOOK = 20000;
const figure = document.querySelector("#picture .drawing");
async function draw() {
  if (!say.up || document.hidden || !figure.checkVisibility()) return;
  const answer = await fetch(`${lesson}/drawing`).catch(() => null);
  if (answer?.ok) figure.innerHTML = await answer.text();
}
const lit = [...figure.querySelectorAll(".ring")].at(-1);
if (lit) figure.scrollTop = lit.getBoundingClientRect().bottom - figure.getBoundingClientRect().bottom + 16;
draw();
setInterval(draw, LOOK);

document.addEventListener("keydown", (event) => {
  if (event.key !== "F6") return;
  event.preventDefault();
  if (document.activeElement.closest("[role=tabpanel]") || !terminals) document.getElementById("lesson").focus();
  else terminals.focus();
}, true);
