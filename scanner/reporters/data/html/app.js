// The list draws the rows that can be seen and no others, so that its length does not matter.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const list = byId("list"), rows = byId("rows"), detail = byId("detail"), count = byId("count");
  const fields = { text: byId("f-text"), state: byId("f-state"), rule: byId("f-rule"), owner: byId("f-owner"), standing: byId("f-standing"), order: byId("f-order") };
  const pressed = new Set();
  const rules = data.rules;
  const findings = data.findings;
  const range = dateRange();
  let shown = [];
  let selected = -1;

  findings.forEach((finding) => {
    const rule = rules[finding.rule];
    const first = finding.events.find((event) => event.at !== null && (event.kind === "introduced" || event.kind === "reintroduced"));
    finding.since = first ? first.at : finding.committed;
    finding.haystack = [finding.path, rule.id, rule.name, finding.commit || "", finding.fingerprint].join("\n").toLowerCase();
  });

  function dateRange() {
    let first = Infinity, last = data.now || -Infinity;
    for (const finding of findings) {
      for (const event of finding.events) {
        if (event.at !== null) { first = Math.min(first, event.at); last = Math.max(last, event.at); }
      }
    }
    return first < Infinity ? [first, Math.max(last, first + DAY)] : [0, DAY];
  }

  function fill(select, all, values) {
    select.replaceChildren(make("option", { value: "" }, all), ...values.map(([value, label]) => make("option", { value }, label)));
    select.closest("label").hidden = values.length < 2;
  }

  function counted(of) {
    const found = new Map();
    for (const finding of findings) for (const value of of(finding)) found.set(value, (found.get(value) || 0) + 1);
    return [...found].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([value, number]) => [value, value + " (" + number.toLocaleString("en") + ")"]);
  }

  function setUp() {
    for (const severity of SEVERITIES) {
      if (!findings.some((finding) => finding.severity === severity)) continue;
      const button = make("button", { type: "button", "aria-pressed": "false", class: severity }, severity);
      button.addEventListener("click", () => {
        if (!pressed.delete(severity)) pressed.add(severity);
        button.setAttribute("aria-pressed", String(pressed.has(severity)));
        apply();
      });
      byId("f-severity").append(button);
    }
    fill(fields.state, "any", counted((finding) => (finding.state ? [finding.state] : [])));
    fill(fields.rule, "any", counted((finding) => [rules[finding.rule].id]));
    fill(fields.owner, "anybody", counted((finding) => (finding.owners.length ? finding.owners : ["nobody"])));
    fill(fields.standing, "open", [["new", "new only"], ["settled", "suppressed or gone"], ["all", "everything"]]);
    const settled = findings.some((finding) => finding.settled || finding.standing === "unchanged");
    fields.standing.closest("label").hidden = !settled;
    for (const field of Object.values(fields)) field.addEventListener("input", apply);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("filters").addEventListener("reset", () => {
      pressed.clear();
      for (const button of byId("f-severity").children) button.setAttribute("aria-pressed", "false");
      setTimeout(apply);
    });
    byId("more").addEventListener("click", () => {
      byId("more").setAttribute("aria-expanded", String(byId("filters").classList.toggle("open")));
    });
    list.addEventListener("scroll", paint, { passive: true });
    window.addEventListener("resize", paint);
    list.addEventListener("keydown", onKey);
    detail.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    for (const part of document.querySelectorAll("[data-needs=history]")) part.hidden = !entryChart(byId("chart"), findings);
  }

  const KEEP = {
    "": (finding) => !finding.settled,
    new: (finding) => !finding.settled && finding.standing !== "unchanged",
    settled: (finding) => finding.settled,
    all: () => true,
  };
  const LAST = 8e12;
  const ORDER = {
    priority: (a, b) => a.number - b.number,
    age: (a, b) => (b.days === null ? -1 : b.days) - (a.days === null ? -1 : a.days) || a.number - b.number,
    new: (a, b) => (b.since === null ? -LAST : b.since) - (a.since === null ? -LAST : a.since) || a.number - b.number,
    path: (a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line),
  };

  function apply() {
    const words = fields.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const { state, rule, owner, standing, order } = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.value]));
    const before = shown[selected];
    shown = findings.filter((finding) =>
      KEEP[standing](finding) &&
      (!pressed.size || pressed.has(finding.severity)) &&
      (!state || finding.state === state) &&
      (!rule || rules[finding.rule].id === rule) &&
      (!owner || (owner === "nobody" ? !finding.owners.length : finding.owners.includes(owner))) &&
      words.every((word) => finding.haystack.includes(word)));
    shown.sort(ORDER[order]);
    count.textContent = plural(shown.length, "finding") + (shown.length === findings.length ? "" : " of " + findings.length.toLocaleString("en"));
    rows.replaceChildren();
    rows.style.height = shown.length * rowHeight() + "px";
    list.scrollTop = 0;
    selected = shown.indexOf(before);
    if (selected < 0 && shown.length && !isPhone()) selected = 0;
    if (!shown.length) rows.append(make("p", { class: "nothing" }, findings.length ? "Nothing fits these filters." : "There is nothing to show."));
    tell();
    paint();
  }

  const rowHeight = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
  const isPhone = () => window.matchMedia("(max-width: 820px)").matches;

  function paint() {
    if (!shown.length) return;
    const height = rowHeight();
    rows.style.height = shown.length * height + "px";
    const from = Math.max(0, Math.floor(list.scrollTop / height) - 6);
    const to = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + 6);
    const wanted = new Map();
    for (let index = from; index < to; index += 1) wanted.set("row-" + index, index);
    for (const row of [...rows.children]) if (!wanted.delete(row.id)) row.remove();
    for (const index of wanted.values()) rows.append(rowOf(index));
    for (const row of rows.children) {
      row.style.top = Number(row.id.slice(4)) * height + "px";
      row.setAttribute("aria-selected", String(Number(row.id.slice(4)) === selected));
    }
    if (selected >= from && selected < to) list.setAttribute("aria-activedescendant", "row-" + selected);
    else list.removeAttribute("aria-activedescendant");
  }

  function rowOf(index) {
    const finding = shown[index];
    const rule = rules[finding.rule];
    const row = make("div", { id: "row-" + index, role: "option", class: "row" + (finding.settled ? " settled" : ""), "aria-setsize": shown.length, "aria-posinset": index + 1 });
    const name = make("div", { class: "name" }, make("span", { class: "tag " + finding.severity }, finding.severity), rule.name);
    const path = make("div", { class: "path" }, make("bdi", {}, finding.path + ":" + finding.line));
    const side = make("div", { class: "side" });
    if (finding.events.some((event) => event.at !== null)) side.append(timeline(finding, range, { width: 130, height: 20, dot: 3.5 }));
    side.append(make("span", {}, standingWords(finding)));
    row.append(make("div", {}, name, path), side);
    row.addEventListener("click", () => { select(index); open(); });
    return row;
  }

  function standingWords(finding) {
    const state = finding.standing === "absent" ? "gone" : finding.suppressions.length ? "suppressed" : finding.state || "in the files";
    return finding.days === null ? state : state + ", " + plural(finding.days, "day");
  }

  function select(index) {
    selected = Math.max(0, Math.min(shown.length - 1, index));
    const height = rowHeight(), top = selected * height;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
    tell();
    paint();
  }

  function onKey(event) {
    const page = Math.max(1, Math.floor(list.clientHeight / rowHeight()) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -shown.length, End: shown.length };
    if (event.key in moves && shown.length) {
      event.preventDefault();
      select(selected + moves[event.key]);
    } else if ((event.key === "Enter" || event.key === " ") && selected >= 0) {
      event.preventDefault();
      open();
    }
  }

  function open() {
    document.body.classList.add("reading");
    detail.scrollTop = 0;
    if (isPhone()) byId("back").focus();
    else if (document.activeElement === list) detail.focus();
  }

  function close() {
    document.body.classList.remove("reading");
    list.focus();
  }

  function tell() {
    const finding = shown[selected];
    detail.replaceChildren();
    if (!finding) return void detail.append(make("p", { class: "nothing" }, "Choose a finding to read its story."));
    const back = make("button", { type: "button", id: "back" }, "← Back to the list");
    back.addEventListener("click", close);
    detail.append(back, ...telling(finding, rules[finding.rule], range));
  }

  setUp();
  byId("app").hidden = !findings.length;
  for (const part of document.querySelectorAll("[data-static]")) part.hidden = true;
  apply();
})();
