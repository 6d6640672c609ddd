// Ties the drawing to pointers, keys, the search field and the details.

const picture = JSON.parse(document.getElementById("picture").textContent);
const settings = JSON.parse(document.getElementById("settings").textContent);
const find = (selector) => document.querySelector(selector);
const tree = buildTree(picture), canvas = find("canvas"), details = find("aside");
const drawing = new Drawing(canvas, tree, settings);

/// Opens scopes from the outermost on while no more than `most` boxes are visible.
function openSome(most) {
  for (const group of tree.groups) group.open = false;
  let visible = tree.page.children.length;
  let level = tree.page.children.filter((item) => item.group);
  while (level.length > 0) {
    const next = [];
    for (const group of level) {
      if (visible + group.children.length - 1 > most && group !== tree.groups[0]) continue;
      group.open = true;
      visible += group.children.length - 1;
      next.push(...group.children.filter((item) => item.group));
    }
    level = next;
  }
}

function openAll(open) {
  if (open) for (const group of tree.groups) group.open = true;
  else openSome(0);
  drawing.layOut();
  drawing.start();
}

function toggle(group) {
  group.open = !group.open;
  const {left, top} = group, {scale} = drawing;
  drawing.layOut();
  drawing.x += (left - group.left) * scale;  // it stays where it was
  drawing.y += (top - group.top) * scale;
  select(group, false);
}

function reveal(item) {
  let hidden = false;
  for (let g = item.parent; g.id >= 0; g = g.parent) {
    hidden ||= !g.open;
    g.open = true;
  }
  if (hidden) drawing.layOut();
  drawing.centre(item);
  select(item);
}

function select(item) {
  drawing.selected = item;
  drawing.request();
  details.hidden = !item;
  if (item) describe(item);
}

// ---- details

function add(parent, tag, text, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function entries(title, items) {
  if (items.length === 0) return;
  add(details, "h3", title);
  const list = add(details, "ul");
  for (const {label, item} of items.slice(0, 100))
    add(add(list, "li"), "button", label, {onclick: () => reveal(item)});
  if (items.length > 100) add(details, "small", `and ${items.length - 100} more`);
}

function fact(list, name, text) {
  if (!text) return;
  add(list, "dt", name);
  add(list, "dd", text);
}

function describe(item) {
  details.replaceChildren();
  add(details, "button", "✕", {id: "close", title: "Close (Esc)", onclick: () => select(null)});
  add(details, "h2", item.title);
  const facts = add(details, "dl");
  if (item.group) describeGroup(item, facts);
  else describeNode(item, facts);
  find("#said").textContent = item.title;
}

function describeGroup(group, facts) {
  fact(facts, "scope", group.cluster.name);
  fact(facts, "nodes", String(group.count));
  fact(facts, "parameters", group.cluster.parameters?.toLocaleString("en"));
  add(details, "p").append(add(details, "button", group.open ? "Close scope" : "Open scope",
    {onclick: () => toggle(group)}));
  entries("Contains", group.children.map((item) => ({label: item.title, item})));
}

function describeNode(item, facts) {
  const {node} = item;
  fact(facts, "name", node.name);
  fact(facts, "op", node.op);
  fact(facts, "attributes", node.attributes);
  fact(facts, "type", node.types);
  fact(facts, "derivative", node.derivative);
  fact(facts, "source", node.place);
  if (node.link) {
    add(facts, "dt", "link");
    add(add(facts, "dd"), "a", node.link, {href: node.link, target: "_blank", rel: "noopener"});
  }
  fact(facts, "note", node.note);
  const members = node.nodes || [];
  if (members.length > 1 || members[0]?.formula) {
    add(details, "h3", members.length > 1 ? "Joins these nodes" : "Computes");
    const list = add(details, "ul");
    for (const member of members) {
      const line = add(list, "li");
      add(line, "code", member.formula || member.op);
      add(line, "br");
      add(line, "small", [member.name, member.type, member.place].filter(Boolean).join(" · "));
    }
  }
  const reads = item.ins.filter((edge) => edge.kind !== "update"), updates = item.ins.filter((edge) => edge.kind === "update");
  const label = (edge) => (portLabel(edge) ? portLabel(edge) + ": " : "") + edge.a.title;
  entries("Reads", reads.map((edge) => ({label: label(edge), item: edge.a})));
  entries("Used by", item.outs.map((edge) => ({label: edge.b.title, item: edge.b})));
  entries("Updated by", updates.map((edge) => ({label: edge.a.title, item: edge.a})));
  if (node.forward !== undefined)
    entries("Differentiates", [{label: tree.nodes[node.forward].title, item: tree.nodes[node.forward]}]);
  entries("Gradient", item.gradients.map((other) => ({label: other.title, item: other})));
  if (item.parent.id >= 0) entries("In", [{label: item.parent.title, item: item.parent}]);
}

// ---- search

const field = find("#find input"), found = find("#found");
const words = tree.nodes.map((item) => [item, [item.node.name, item.title, item.node.op,
  item.node.attributes, ...(item.node.nodes || []).map((m) => m.name + " " + (m.formula || ""))]
  .join(" ").toLowerCase()]);
for (const group of tree.groups) words.push([group, (group.cluster.name + " " + group.title).toLowerCase()]);
let results = [], chosen = 0;

function search() {
  const wanted = field.value.trim().toLowerCase();
  results = wanted ? words.filter(([, text]) => text.includes(wanted)).map(([item]) => item) : [];
  chosen = 0;
  showResults();
}

function showResults() {
  found.replaceChildren();
  found.hidden = results.length === 0;
  field.setAttribute("aria-expanded", String(!found.hidden));
  results.slice(0, 50).forEach((item, i) => {
    const line = add(found, "li", undefined, {role: "option", onclick: () => choose(i)});
    line.setAttribute("aria-selected", String(i === chosen));
    add(line, "span", item.title);
    add(line, "br");
    add(line, "small", item.group ? "scope " + item.cluster.name : item.node.name);
  });
}

function choose(i) {
  if (!results[i]) return;
  found.hidden = true;
  field.setAttribute("aria-expanded", "false");
  reveal(results[i]);
  canvas.focus();
}

field.oninput = search;
field.onfocus = search;
field.onblur = () => setTimeout(() => { found.hidden = true; }, 200);
field.onkeydown = (event) => {
  const last = Math.min(results.length, 50) - 1;
  if (event.key === "ArrowDown") chosen = Math.min(chosen + 1, last);
  else if (event.key === "ArrowUp") chosen = Math.max(chosen - 1, 0);
  else if (event.key === "Enter") return choose(chosen);
  else if (event.key === "Escape") return canvas.focus();
  else return;
  event.preventDefault();
  showResults();
  found.children[chosen]?.scrollIntoView({block: "nearest"});
};

// ---- keys

function beside(item, direction) {
  const y = item.top + item.h / 2;
  const others = drawing.boxes.filter((box) => box !== item && !(box.group && box.open) &&
    box.top <= y && box.top + box.h >= y && (box.left - item.left) * direction > 0);
  return others.sort((a, b) => (a.left - b.left) * direction)[0];
}

const keys = {
  ArrowUp: (item) => item && !item.group && item.ins[0] && reveal(item.ins[0].a),
  ArrowDown: (item) => item && !item.group && item.outs[0] && reveal(item.outs[0].b),
  ArrowLeft: (item) => item && go(beside(item.box, -1)),
  ArrowRight: (item) => item && go(beside(item.box, 1)),
  Enter: (item) => item?.group && toggle(item),
  u: (item) => item && item.parent.id >= 0 && reveal(item.parent),
  f: (item) => item?.node?.forward !== undefined && reveal(tree.nodes[item.node.forward]),
  b: (item) => item?.gradients?.length && reveal(item.gradients[0]),
  "/": () => field.focus(),
  Escape: () => select(null),
  "+": () => drawing.zoom(1.25), "=": () => drawing.zoom(1.25), "-": () => drawing.zoom(0.8),
  0: () => drawing.fit(),
  o: () => openAll(true), c: () => openAll(false),
  t: changeTheme,
  "?": () => find("dialog").showModal(),
};

function go(item) { if (item) reveal(item); }

document.addEventListener("keydown", (event) => {
  if (event.target === field || event.ctrlKey || event.metaKey || event.altKey) return;
  const inDetails = event.target !== canvas && event.target !== document.body;
  if (!keys[event.key] || inDetails && event.key !== "Escape" && event.key !== "/") return;
  event.preventDefault();
  const first = drawing.boxes.find((box) => !(box.group && box.open));
  if (!drawing.selected && event.key.startsWith("Arrow")) return go(first);
  keys[event.key](drawing.selected);
});

// ---- pointers

const pointers = new Map();
let travelled = 0, lastTap = 0;

canvas.onpointerdown = (event) => {
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, {x: event.offsetX, y: event.offsetY});
  if (pointers.size === 1) travelled = 0;
};
canvas.onpointermove = (event) => {
  const was = pointers.get(event.pointerId);
  if (!was) return;
  const now = {x: event.offsetX, y: event.offsetY};
  travelled += Math.abs(now.x - was.x) + Math.abs(now.y - was.y);
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const spread = (p) => Math.hypot(p.x - other.x, p.y - other.y) || 1;
    drawing.zoom(spread(now) / spread(was), (now.x + other.x) / 2, (now.y + other.y) / 2);
  } else {
    drawing.x += now.x - was.x;
    drawing.y += now.y - was.y;
    drawing.move();
  }
  pointers.set(event.pointerId, now);
};
canvas.onpointerup = canvas.onpointercancel = (event) => {
  const alone = pointers.size === 1;
  pointers.delete(event.pointerId);
  if (!alone || travelled > 6 || event.type === "pointercancel") return;
  const item = drawing.at(event.offsetX, event.offsetY), now = performance.now();
  const twice = now - lastTap < 350 && item && item === drawing.selected;
  lastTap = twice ? 0 : now;
  const onSign = item?.group && item.open && item.id >= 0 &&
    (event.offsetX - drawing.x) / drawing.scale < item.left + 26 &&
    (event.offsetY - drawing.y) / drawing.scale < item.top + gap.title;
  if (item?.group && (twice || onSign)) toggle(item);
  else select(item);
};
canvas.onwheel = (event) => {
  event.preventDefault();
  const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
  drawing.zoom(Math.exp(-pixels * 0.0015), event.offsetX, event.offsetY);
};

// ---- start

function changeTheme() {
  drawing.dark = 1 - drawing.dark;
  applyTheme();
  drawing.request();
}

function applyTheme() {
  const {background, text, faint, input} = drawing.theme, style = document.documentElement.style;
  style.setProperty("--page", background);
  style.setProperty("--panel", background);
  style.setProperty("--text", text);
  style.setProperty("--faint", faint);
  style.setProperty("--line", faint + "66");
  style.colorScheme = parseInt(background.slice(1, 3), 16) < 128 ? "dark" : "light";
  const legend = find("#legend");
  legend.replaceChildren();
  for (const entry of picture.legend) {
    const paint = drawing.theme[entry];
    if (!paint?.fill) continue;
    const line = add(legend, "span");
    Object.assign(add(line, "i").style, {background: paint.fill, borderColor: paint.line});
    line.append(entry);
  }
  if (picture.scale) add(legend, "b", picture.scale.title);
  for (const step of picture.scale?.steps || []) {
    const line = add(legend, "span");
    Object.assign(add(line, "i").style, {background: step.fill, borderColor: faint});
    line.append(step.note);
  }
  legend.hidden = legend.childElementCount === 0;
}

document.title = picture.title || "Graph";
find("h1").textContent = picture.title || "Graph";
find("#fit").onclick = () => drawing.fit();
find("#all").onclick = () => openAll(true);
find("#none").onclick = () => openAll(false);
find("#theme").onclick = changeTheme;
find("#help").onclick = () => find("dialog").showModal();
new ResizeObserver(() => drawing.request()).observe(canvas);
if (settings.open !== undefined) for (const g of tree.groups) g.open = g.depth <= settings.open + 1;
else openSome(settings.most);
applyTheme();
drawing.layOut();
drawing.start();
