"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const word = (i) => data.strings[i];
const byId = (id) => document.getElementById(id);
const stage = byId("stage"), over = byId("over"), panel = byId("panel"), guests = byId("guests");
const shown = (i) => document.querySelector(`[data-box="${i}"]`);
const title = (i) => word(data.boxes[i].title);
const kind = (i) => word(data.boxes[i].kind);
const called = (i) => (kind(i) === title(i) ? title(i) : `${kind(i)} ${title(i)}`);
const make = (tag, text, parent, style) => {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (style) made.className = style;
  if (parent) parent.append(made);
  return made;
};

/* Boxes of the drawing become buttons, for the keyboard and for screen readers. */
function equip(root) {
  for (const box of root.querySelectorAll("g[data-box]")) {
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "button");
    const { facts, remarks } = data.boxes[box.dataset.box];
    box.setAttribute("aria-label", [called(box.dataset.box), ...[...facts, ...remarks].map(word)].join(", "));
  }
}

/* The box that shows another one: itself, the one it is folded into, or its folded guest. */
const owner = new Map();
for (const [first, others] of Object.entries(data.twins)) {
  const size = data.boxes[first].size;
  for (const other of others) for (let k = 0; k < size; k++) owner.set(other + k, Number(first) + k);
}
function standIn(i) {
  for (let at = i; at !== undefined; at = owner.get(at)) {
    const box = shown(at);
    if (box) return box.closest(".folded") ?? box;
  }
  const holder = data.boxes[i].inside;
  return holder === undefined ? null : standIn(holder);
}

/* Lines: the lab network along each row of guests, and a lane for each callee, balancer, cluster. */
const NS = "http://www.w3.org/2000/svg";
function stroke(d, style, lines) {
  const path = document.createElementNS(NS, "path");
  path.setAttribute("d", d);
  path.setAttribute("class", style);
  path.lines = lines ?? [];
  over.append(path);
}
function blob(x, y, style) {
  const dot = document.createElementNS(NS, "circle");
  for (const [name, value] of Object.entries({ cx: x, cy: y, r: 4.5, class: style })) dot.setAttribute(name, value);
  over.append(dot);
}
function write(x, y, words) {
  const text = document.createElementNS(NS, "text");
  text.setAttribute("x", x);
  text.setAttribute("y", y);
  text.textContent = words;
  over.append(text);
  const plate = document.createElementNS(NS, "rect"), around = text.getBBox();
  for (const side of ["x", "y", "width", "height"]) plate.setAttribute(side, around[side]);
  text.before(plate);
}
function bundles() {
  const found = new Map();
  data.lines.forEach(([source, target, kind, label, action], number) => {
    if (!["link", "route", "cluster"].includes(kind)) return;
    const key = kind === "link" ? `l${target} ${label}` : kind === "route" ? `r${source}` : `c${label}`;
    const name = kind === "link" ? `to ${title(target)}${label}` : kind === "route" ? `from ${title(source)}` : `cluster, ${label}`;
    if (!found.has(key)) found.set(key, { kind, name, ends: new Map(), lines: [] });
    const lane = found.get(key);
    lane.lines.push(number);
    for (const [end, tip] of [[source, false], [target, kind !== "cluster"]]) {
      const box = standIn(end);
      if (box && !lane.ends.has(box)) lane.ends.set(box, { tip, action });
    }
  });
  return [...found.values()].filter((lane) => lane.ends.size > 1);
}
function redraw() {
  over.replaceChildren();
  const lanes = bundles();
  guests.style.setProperty("--gap", `${40 + 14 * Math.min(lanes.length, 8)}px`);
  guests.style.setProperty("--trunk", 8 * Math.min(lanes.length, 8));
  const zero = stage.getBoundingClientRect(), scale = zero.width / stage.offsetWidth || 1;
  const place = (box) => {
    const r = (box.querySelector(":scope > .edge") ?? box).getBoundingClientRect();
    const [x, y] = [(r.left - zero.left) / scale, (r.top - zero.top) / scale];
    return { x, y, right: x + r.width / scale, bottom: y + r.height / scale, width: r.width / scale };
  };
  const cards = [...guests.querySelectorAll(".card")].map((card) => [card, place(card)]);
  const host = place(byId("host")), net = place(byId("net")), area = place(guests);
  const rows = [...new Set(cards.map(([, p]) => Math.round(p.y)))].sort((a, b) => a - b);
  const gap = parseFloat(getComputedStyle(guests).rowGap);
  const bus = (y) => y - gap + 10, x0 = host.x + 14;
  stroke(`M ${x0} ${place(byId("outside")).bottom} V ${rows.length ? bus(rows.at(-1)) : net.bottom}`, "wire");
  for (const y of rows) {
    const row = cards.filter(([, p]) => Math.round(p.y) === y);
    stroke(`M ${x0} ${bus(y)} H ${Math.max(...row.map(([, p]) => p.x + 20))}`, "wire");
    for (const [, p] of row) { stroke(`M ${p.x + 20} ${bus(y)} V ${p.y}`, "wire"); blob(p.x + 20, bus(y), "dot"); }
  }
  const taken = new Map(), labels = [];
  lanes.forEach((lane, index) => draw(lane, index % 8));
  labels.forEach((label) => write(...label));
  function draw({ kind, name, ends, lines }, index) {
    const heights = new Map();
    for (const [box, { tip, action }] of ends) {
      const p = place(box), card = box.closest(".card");
      const y = (card ? Math.round(place(card).y) : rows[0] ?? area.y) - gap + 24 + 14 * index;
      const seat = (taken.get(box) ?? -1) + 1;
      taken.set(box, seat);
      const x = Math.min(p.x + 66 + 11 * (seat % 8), p.right - 8), edge = p.y > y ? p.y : p.bottom;
      const gone = action === "removed" ? " gone" : action === "added" ? " come" : "";
      stroke(`M ${x} ${y} V ${edge}`, `${kind}${gone}`, lines);
      if (tip) stroke(`M ${x} ${edge} l -5 -9 h 10 Z`, `tip ${kind}`, lines);
      else blob(x, y, `joint ${kind}`);
      if (!heights.has(y)) heights.set(y, []);
      heights.get(y).push(x);
    }
    const trunk = area.right + 8 * (index + 1);
    for (const [y, xs] of heights) {
      if (heights.size > 1) xs.push(trunk);
      stroke(`M ${Math.min(...xs)} ${y} H ${Math.max(...xs)}`, kind, lines);
    }
    const ys = [...heights.keys()];
    labels.push([Math.min(...heights.get(Math.min(...ys))) + 9, Math.min(...ys) + 4, name]);
    if (ys.length > 1) stroke(`M ${trunk} ${Math.min(...ys)} V ${Math.max(...ys)}`, kind, lines);
  }
}

/* Folding: a guest's inside, and guests that are alike. */
function fold(card, closed) {
  card.classList.toggle("folded", closed);
  card.querySelector(".fold").setAttribute("aria-expanded", String(!closed));
}
function unfoldGroup(card) {
  const first = Number(card.dataset.box), others = data.twins[first] ?? [];
  if (!others.length || card.dataset.open) return;
  card.dataset.open = "yes";
  const copies = others.map((other) => {
    const copy = card.cloneNode(true);
    for (const box of [copy, ...copy.querySelectorAll("[data-box]")]) {
      const i = Number(box.dataset.box) - first + other;
      box.dataset.box = i;
      const name = box.querySelector(":scope > .name, :scope > .head > .open");
      if (name) name.textContent = named(i);
      const facts = box.querySelector(":scope > .head > .facts");
      if (facts) facts.textContent = data.boxes[i].facts.map(word).join(", ");
    }
    return alone(copy);
  });
  const name = card.querySelector(".open");
  name.textContent = called(first);
  alone(card);
  card.after(...copies);
  for (const copy of copies) equip(copy);
}
function named(i) {
  return ["guest", "balancer"].includes(kind(i)) ? called(i) : word(data.boxes[i].head ?? data.boxes[i].title);
}
function alone(card) {
  card.classList.remove("alike");
  card.querySelector(".all")?.remove();
  return card;
}
const cards = () => [...guests.querySelectorAll(".card")];

/* Details of a box, in the panel; what it is tied to, as ways to go on. */
function choose(i, move) {
  for (const old of document.querySelectorAll(".chosen")) old.classList.remove("chosen");
  panel.replaceChildren();
  panel.hidden = false;
  const { facts, remarks, details } = data.boxes[i];
  const close = make("button", "Close", panel, "close");
  close.onclick = dismiss;
  make("h2", title(i), panel);
  make("div", kind(i), panel, "facts");
  for (const remark of remarks) make("p", word(remark), panel, "remark");
  const list = make("dl", "", panel);
  if (facts.length) { make("dt", "is", list); make("dd", facts.map(word).join(", "), list); }
  for (let k = 0; k < details.length; k += 2) { make("dt", word(details[k]), list); make("dd", word(details[k + 1]), list); }
  ways("Stands for", [i, ...(data.twins[i] ?? [])].map((to) => [to]), 1);
  ways("Tied to", ties(i).map(([to, , before, after]) => [to, before, after]), 0);
  standIn(i)?.classList.add("chosen");
  if (move) { panel.dataset.from = i; close.focus(); }
}
function ways(heading, found, least) {
  if (found.length <= least) return;
  make("h3", heading, panel);
  const list = make("ul", "", panel);
  for (const [to, before, after] of found.slice(0, 300)) {
    const item = make("li", before ? `${before} ` : "", list);
    const way = make("button", called(to), item);
    if (after) item.append(` ${after}`);
    way.onclick = () => { choose(to, true); standIn(to)?.scrollIntoView({ block: "nearest" }); };
  }
  if (found.length > 300) make("p", `and ${found.length - 300} more`, panel, "facts");
}
function ties(i) {
  return data.lines.flatMap(([source, target, what, label], number) =>
    source === i ? [[target, number, data.arrows[what], label]]
      : target === i ? [[source, number, "", `${data.arrows[what]} this ${label}`]] : []);
}
function dismiss() {
  panel.hidden = true;
  for (const old of document.querySelectorAll(".chosen")) old.classList.remove("chosen");
  if (panel.dataset.from) standIn(Number(panel.dataset.from))?.focus?.();
}

/* Hover: a few words at the pointer, and what the box is tied to. */
const hint = byId("hint");
function hover(box, event) {
  for (const old of document.querySelectorAll(".hot")) old.classList.remove("hot");
  hint.hidden = !box;
  if (!box) return;
  const i = Number(box.dataset.box), { facts, remarks } = data.boxes[i];
  hint.replaceChildren();
  make("b", called(i), hint);
  for (const words of [...facts, ...remarks].slice(0, 7)) make("div", word(words), hint);
  hint.style.left = `${Math.min(event.clientX + 16, innerWidth - 340)}px`;
  hint.style.top = `${Math.min(event.clientY + 18, innerHeight - hint.offsetHeight - 12)}px`;
  if (kind(i) === "guest" || kind(i) === "host") return;
  const near = ties(i);
  for (const [to] of near) standIn(to)?.classList.add("hot");
  const lines = new Set(near.map(([, number]) => number));
  for (const path of over.children) if (path.lines?.some((number) => lines.has(number))) path.classList.add("hot");
}

function search(words) {
  const wanted = words.trim().toLowerCase();
  const hits = wanted ? data.boxes.flatMap((box, i) =>
    [box.title, ...box.facts].some((part) => word(part).toLowerCase().includes(wanted)) && i ? [i] : []) : [];
  const lit = new Set(hits.map(standIn));
  for (const box of document.querySelectorAll(".card, g[data-box]"))
    box.classList.toggle("faint", Boolean(wanted) && !lit.has(box) && ![...lit].some((hit) => hit && (hit.contains(box) || box.contains(hit))));
  byId("hits").textContent = wanted ? `${hits.length} found` : "";
  if (hits.length) { choose(hits[0]); ways("Found", hits.map((to) => [to]), 1); } else if (wanted) panel.hidden = true;
}

function theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches, root = document.documentElement;
  const now = root.dataset.theme ?? (dark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  byId("theme").setAttribute("aria-pressed", String(root.dataset.theme === "dark"));
}

/* On paper: one page, whatever is unfolded. */
const PAPER = [1050, 725];
function toPaper() {
  const root = document.documentElement, most = Math.max(PAPER[0], Math.sqrt(stage.offsetWidth * stage.offsetHeight * 1.45));
  root.classList.add("printing");
  document.body.style.width = `${Math.min(most, 3200)}px`;
  redraw();
  const [wide, tall] = [Math.max(document.body.scrollWidth, 1), document.body.scrollHeight];
  document.body.style.zoom = Math.min(1, PAPER[0] / wide, PAPER[1] / tall) * 0.985;
}
function fromPaper() {
  document.documentElement.classList.remove("printing");
  document.body.style.width = document.body.style.zoom = "";
  redraw();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const card = button?.closest(".card");
  if (button?.matches(".fold")) { fold(card, !card.classList.contains("folded")); redraw(); }
  else if (button?.matches(".all")) { unfoldGroup(card); redraw(); }
  else if (!button || button.matches(".open")) {
    const box = event.target.closest("[data-box]");
    if (box && !box.closest("aside")) choose(Number(box.dataset.box));
  }
});
document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("g[data-box]");
  if (event.key === "Escape") dismiss();
  else if (box && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); choose(Number(box.dataset.box), true); }
  else if (event.key === "/" && !event.target.matches("input")) { event.preventDefault(); byId("find").focus(); }
});
document.addEventListener("pointerover", (event) => hover(event.target.closest("[data-box]"), event));
byId("theme").onclick = theme;
byId("paper").onclick = () => print();
byId("unfold").onclick = () => { for (const card of cards()) unfoldGroup(card); for (const card of cards()) fold(card, false); redraw(); };
byId("close").onclick = () => { for (const card of cards()) fold(card, true); redraw(); };
byId("find").oninput = (event) => search(event.target.value);
addEventListener("beforeprint", toPaper);
addEventListener("afterprint", fromPaper);
addEventListener("resize", redraw);
equip(document);
redraw();
document.documentElement.dataset.ready = "yes";
