// Terminals in tabs. One that loses its connection finds its shell again, also after a reload.
import { Terminal } from "./xterm.mjs";
import { FitAddon } from "./addon-fit.mjs";

const ENDED = 4000;
const GONE = 4004;
const THEMES = {
  light: {
    background: "#ffffff", foreground: "#1f2328", cursor: "#0067a3", cursorAccent: "#ffffff", selectionBackground: "#b6d7f2",
    black: "#1f2328", red: "#b3261e", green: "#00684b", yellow: "#7a4e00", blue: "#0550ae", magenta: "#8250df", cyan: "#0b6a75", white: "#57606a",
    brightBlack: "#57606a", brightRed: "#a40e26", brightGreen: "#1a7f37", brightYellow: "#633c01", brightBlue: "#0969da", brightMagenta: "#6639ba", brightCyan: "#1b7c83", brightWhite: "#424a53",
  },
  dark: {
    background: "#0d1117", foreground: "#e6edf3", cursor: "#5cb3f0", cursorAccent: "#0d1117", selectionBackground: "#264f78",
    black: "#6e7681", red: "#ff8a73", green: "#3fc79c", yellow: "#f0b429", blue: "#79c0ff", magenta: "#d2a8ff", cyan: "#56d4dd", white: "#b1bac4",
    brightBlack: "#8b949e", brightRed: "#ffa198", brightGreen: "#56d364", brightYellow: "#e3b341", brightBlue: "#a5d6ff", brightMagenta: "#e2c5ff", brightCyan: "#b3f0ff", brightWhite: "#ffffff",
  },
};

const dark = matchMedia("(prefers-color-scheme: dark)");
function theme() {
  const chosen = document.documentElement.dataset.theme;
  return THEMES[chosen ?? (dark.matches ? "dark" : "light")];
}

class Shell {
  // One place's terminal: its id at the server outlives the page.
  constructor(place, panel, main, told) {
    this.place = place;
    this.panel = panel;
    this.main = main;
    this.told = told;
    this.name = `terminal:${main.dataset.stack}:${place}`;
    this.waiting = [];
    this.pause = 250;
    this.screen = new Terminal({
      theme: theme(), fontSize: 14, lineHeight: 1.15, scrollback: 5000, screenReaderMode: true,
      fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace',
    });
    this.fit = new FitAddon();
    this.screen.loadAddon(this.fit);
    this.screen.open(panel);
    this.screen.attachCustomKeyEventHandler((event) => event.key !== "F6");
    const bytes = new TextEncoder();
    this.screen.onData((text) => {
      if (this.ended) { if (text === "\r") this.open(); return; }
      this.send(bytes.encode(text));
    });
    this.screen.onBinary((text) => this.send(Uint8Array.from(text, (c) => c.charCodeAt(0))));
    this.screen.onResize(() => this.tellSize());
    new ResizeObserver(() => { if (panel.offsetParent) this.fit.fit(); }).observe(panel);
    this.open();
  }

  async open() {
    this.ended = false;
    this.told("");
    let id = sessionStorage.getItem(this.name);
    if (!id) {
      const answer = await fetch("/terminals", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ lesson: this.main.dataset.lesson, place: this.place }),
      }).catch(() => null);
      if (!answer) { this.retry(); return; }
      const said = await answer.json();
      if (!answer.ok) {
        this.end(answer.status === 429 ? this.main.dataset.sayMany : `${this.main.dataset.sayRefused} ${said.error}`);
        return;
      }
      id = said.id;
      sessionStorage.setItem(this.name, id);
    }
    this.connect(id);
  }

  connect(id) {
    const socket = new WebSocket(`ws://${location.host}/terminals/${id}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.told("");
      this.pause = 250;
      this.screen.reset();
      this.tellSize();
      this.waiting.splice(0).forEach((data) => socket.send(data));
    });
    socket.addEventListener("message", (event) => this.screen.write(new Uint8Array(event.data)));
    socket.addEventListener("close", (event) => {
      if (this.closed) return;
      if (event.code === ENDED) { this.forget(); this.end(this.main.dataset.sayEnded); return; }
      if (event.code === GONE) { this.forget(); this.open(); return; }
      this.retry();
    });
  }

  retry() {
    this.told(this.main.dataset.sayLost);
    setTimeout(() => { if (!this.closed) this.open(); }, this.pause);
    this.pause = Math.min(this.pause * 2, 4000);
  }

  send(data) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(data);
    else this.waiting.push(data);
  }

  tellSize() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ rows: this.screen.rows, columns: this.screen.cols }));
  }

  end(words) {
    this.ended = true;
    this.waiting = [];
    this.told(words);
  }

  forget() { sessionStorage.removeItem(this.name); }

  close() {
    const id = sessionStorage.getItem(this.name);
    this.closed = true;
    this.forget();
    this.socket?.close();
    this.screen.dispose();
    if (id) fetch(`/terminals/${id}`, { method: "DELETE" });
  }
}

export class Terminals {
  constructor(main) {
    this.main = main;
    this.tabs = [...document.querySelectorAll("[role=tab]")];
    this.shells = new Map();
    this.status = document.getElementById("told");
    this.button = document.getElementById("end");
    this.words = new Map();
    this.tabs.forEach((tab, index) => {
      tab.addEventListener("click", () => this.select(tab).screen.focus());
      tab.addEventListener("keydown", (event) => this.move(event, index));
      if (sessionStorage.getItem(this.key(tab.dataset.place))) this.shell(tab);
    });
    this.button.addEventListener("click", () => this.close());
    const shown = this.tabs.find((tab) => tab.dataset.place === sessionStorage.getItem(this.key("shown")));
    this.select(shown ?? this.tabs[0]);
    const dress = () => this.shells.forEach((shell) => { shell.screen.options.theme = theme(); });
    addEventListener("themechange", dress);
    dark.addEventListener("change", dress);
  }

  key(name) { return `${name === "shown" ? "shown" : "terminal"}:${this.main.dataset.stack}${name === "shown" ? "" : `:${name}`}`; }

  panel(tab) { return document.getElementById(tab.getAttribute("aria-controls")); }

  shell(tab) {
    const place = tab.dataset.place;
    if (!this.shells.has(place)) {
      const panel = this.panel(tab);
      const hidden = panel.hidden;
      panel.hidden = false;
      this.shells.set(place, new Shell(place, panel, this.main, (words) => this.tell(place, words)));
      panel.hidden = hidden;
      tab.classList.add("open");
    }
    return this.shells.get(place);
  }

  select(tab) {
    for (const other of this.tabs) {
      const is = other === tab;
      other.setAttribute("aria-selected", is);
      other.tabIndex = is ? 0 : -1;
      this.panel(other).hidden = !is;
    }
    this.selected = tab;
    sessionStorage.setItem(this.key("shown"), tab.dataset.place);
    const shell = this.shell(tab);
    shell.fit.fit();
    this.button.hidden = false;
    this.tell(tab.dataset.place, this.words.get(tab.dataset.place) ?? "");
    return shell;
  }

  move(event, index) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tab = this.tabs[(index + step + this.tabs.length) % this.tabs.length];
    this.select(tab);
    tab.focus();
  }

  run(place, line) {
    const tab = this.tabs.find((each) => each.dataset.place === place);
    const shell = this.select(tab);
    if (shell.ended) shell.open();
    shell.send(new TextEncoder().encode(`${line}\r`));
    shell.screen.focus();
  }

  close() {
    const place = this.selected.dataset.place;
    this.shells.get(place)?.close();
    this.shells.delete(place);
    this.words.delete(place);
    this.selected.classList.remove("open");
    this.panel(this.selected).replaceChildren();
    this.button.hidden = true;
    this.selected.focus();
    this.status.textContent = "";
  }

  focus() { this.select(this.selected).screen.focus(); }

  tell(place, words) {
    this.words.set(place, words);
    if (this.selected?.dataset.place === place) this.status.textContent = words;
  }
}
