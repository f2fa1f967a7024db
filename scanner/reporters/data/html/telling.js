// One finding in full.
function coded(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

function fact(list, name, ...value) {
  if (value.length && value.some((one) => one !== null && one !== "")) list.append(make("dt", {}, name), make("dd", {}, ...value));
}

function link(url, words) {
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words);
}

function eventItem(event, finding) {
  const at = event.at === null ? "" : dateOf(event.at) + " ";
  const who = event.who ? " by " + event.who : "";
  const words = { introduced: "introduced", moved: "moved", removed: "removed", reintroduced: "introduced again" };
  const item = make("li", { class: event.kind }, at, make("b", {}, words[event.kind]));
  if (event.from) item.append(" from ", make("code", {}, event.from));
  if (event.path !== finding.path) item.append(event.kind === "removed" ? " from " : " to ", make("code", {}, event.path));
  item.append(who + ", commit ", make("code", {}, event.commit));
  return item;
}

function storyPart(finding, range) {
  const parts = [make("h3", {}, "Its story")];
  parts.push(make("p", {}, finding.story || "No history was read: the secret stands in the files that were scanned."));
  if (!finding.events.length) return parts;
  if (finding.events.some((event) => event.at !== null)) parts.push(detailTimeline(finding, range));
  const events = make("ol", { class: "events" }, ...finding.events.map((event) => eventItem(event, finding)));
  if (finding.moreEvents) events.append(make("li", { class: "moved" }, plural(finding.moreEvents, "more event")));
  if (finding.state === "in HEAD") events.append(make("li", { class: "now" }, "still there"));
  parts.push(events);
  for (const unknown of finding.unknowns) parts.push(make("p", { class: "quiet" }, "Not known: " + unknown));
  return parts;
}

function todoPart(rule) {
  const steps = rule.steps.map(([name, text]) => make("li", {}, make("b", {}, name), ". ", ...coded(text)));
  const parts = [make("h3", {}, "What to do"), make("ol", { class: "steps" }, ...steps)];
  const links = rule.links.map(([words, url]) => make("li", {}, link(url, words)));
  if (links.length) parts.push(make("ul", {}, ...links));
  return parts;
}

function factsPart(finding, rule) {
  const facts = make("dl", {});
  const list = ([names, more]) => names.join(", ") + (more ? " and " + more.toLocaleString("en") + " more" : "");
  fact(facts, "Rule", make("code", {}, rule.id));
  fact(facts, "Confidence", finding.confidence);
  if (finding.priority !== null) fact(facts, "Priority", finding.priority + " of 100");
  fact(facts, "Because", ...(finding.reasons.length ? [make("ul", {}, ...finding.reasons.map((one) => make("li", {}, one)))] : []));
  if (finding.overdue !== null) fact(facts, "Overdue", plural(finding.overdue, "day") + " past the time to replace it");
  if (finding.reuse > 1) fact(facts, "Reused", "at " + plural(finding.reuse, "path"));
  fact(facts, "Owners", finding.owners.join(" "));
  fact(facts, "Branches", list(finding.branches));
  fact(facts, "Tags", list(finding.tags));
  fact(facts, "Places", plural(finding.places, "occurrence"));
  fact(facts, "Seen through", finding.decoding.join(", "));
  fact(facts, "Baseline", finding.standing);
  for (const one of finding.suppressions) fact(facts, "Suppressed", one);
  for (const note of finding.notes) fact(facts, "Note", note);
  fact(facts, "Weakness", rule.weaknesses.join(", "));
  fact(facts, "Fingerprint", make("code", {}, finding.fingerprint));
  return [make("h3", {}, "Facts"), facts];
}

function telling(finding, rule, range) {
  const [before, secret, after] = finding.line_parts;
  return [
    make("p", { class: "title" }, make("span", { class: "tag " + finding.severity }, finding.severity), rule.name),
    make("p", { class: "place mono" }, finding.path + ":" + finding.line),
    make("pre", {}, before, make("mark", {}, secret), after),
    make("p", { class: "quiet" }, rule.description),
    ...storyPart(finding, range),
    ...todoPart(rule),
    ...factsPart(finding, rule),
  ];
}
