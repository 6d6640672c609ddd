// Draws the visible boxes and edges on a canvas.

const small = 5;           // pixels below which text is not drawn
const mostPerFrame = 4000;  // boxes that are drawn while the picture moves

class Drawing {
  constructor(canvas, tree, settings) {
    Object.assign(this, {canvas, tree, settings, scale: 1, x: 0, y: 0, selected: null});
    this.context = canvas.getContext("2d");
    this.dark = 0;
    this.widths = new Map();
    this.moved = 0;
  }

  get theme() { return this.settings.themes[this.dark]; }

  width(text, size, weight = "") {
    const key = weight + size + text;
    if (!this.widths.has(key)) {
      this.context.font = `${weight} ${size}px Helvetica, Arial, sans-serif`;
      this.widths.set(key, this.context.measureText(text).width);
    }
    return this.widths.get(key);
  }

  /// The size of a box by itself: a node, a closed group, or the title of an open one.
  measure = (item) => {
    const lines = this.lines(item);
    const text = Math.max(...lines.map((line) => this.width(line.text, line.size, line.weight)));
    item.w = Math.min(Math.max(text + 24, 44), 420);
    item.h = item.group && item.open && item.children.length ? gap.title
      : 14 + lines.reduce((sum, line) => sum + line.size + 3, 0);
  };

  lines(item) {
    const title = {text: item.title, size: 13, weight: "bold"};
    if (item.group) {
      title.text = (item.open ? "− " : "+ ") + item.title;
      const p = item.cluster?.parameters;
      const about = `${item.count} nodes` + (p ? `, ${p.toLocaleString("en")} parameters` : "");
      return item.open ? [title] : [title, {text: about, size: 11}];
    }
    const {derivative, attributes, types, note, op, kind} = item.node;
    const lines = [title];
    if (derivative && derivative !== item.title && kind !== "equation") lines.unshift({text: derivative, size: 11});
    const about = [op && op !== item.title && kind === "op" ? op : "", attributes].filter(Boolean);
    if (about.length) lines.push({text: about.join(" "), size: 11});
    if (types) lines.push({text: types, size: 11, faint: true});
    if (note) lines.push({text: note, size: 11});
    return lines;
  }

  /// Lays out everything that is visible, and notes where it is on the page.
  layOut() {
    layOut(this.tree.page, this.measure, this.settings.sideways);
    this.boxes = [];
    this.shown = new Map();  // a node or group to the box that stands for it
    const place = (item, x, y, hiddenBy) => {
      item.box = hiddenBy || item;
      if (!hiddenBy && item.id >= 0) {
        item.left = x;
        item.top = y;
        this.boxes.push(item);
      }
      if (!item.group) return;
      const hides = hiddenBy || (item.open ? null : item);
      for (const child of item.children)
        place(child, hides ? 0 : x + child.x, hides ? 0 : y + child.y, hides);
    };
    place(this.tree.page, 0, 0, null);
    const known = new Set();
    this.lines_ = [];
    for (const edge of this.tree.edges) {
      const a = edge.a.box, b = edge.b.box;
      if (a === b) continue;
      const closed = a !== edge.a || b !== edge.b;
      const key = closed && `${a.group ? "g" : ""}${a.id},${b.group ? "g" : ""}${b.id},${edge.kind}`;
      if (closed && known.has(key)) continue;
      known.add(key);
      this.lines_.push({a, b, edge, label: closed ? "" : edge.label || portLabel(edge),
        at: closed ? 0.5 : portPlace(edge)});
    }
    this.still = null;
    this.request();
  }

  fit() {
    const {clientWidth: w, clientHeight: h} = this.canvas, page = this.tree.page;
    this.scale = Math.min((w - 24) / page.w, (h - 24) / page.h, 1.5);
    if (!(this.scale > 0)) this.scale = 1;
    this.x = (w - page.w * this.scale) / 2;
    this.y = (h - page.h * this.scale) / 2;
    this.request();
  }

  /// Shows all of it, or its beginning if nothing could be read.
  start() {
    this.fit();
    if (this.scale > 0.3) return;
    const first = this.tree.page.children[0];
    this.scale = Math.min(0.8, Math.max((this.canvas.clientWidth - 24) / first.w, 0.3));
    this.x = this.canvas.clientWidth / 2 - (first.left + first.w / 2) * this.scale;
    this.y = 12 - first.top * this.scale;
  }

  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const scale = Math.min(Math.max(this.scale * factor, 0.002), 6);
    this.x = x - (x - this.x) * scale / this.scale;
    this.y = y - (y - this.y) * scale / this.scale;
    this.scale = scale;
    this.move();
  }

  centre(item) {
    this.scale = Math.max(this.scale, 0.8);
    this.x = this.canvas.clientWidth / 2 - (item.left + item.w / 2) * this.scale;
    this.y = this.canvas.clientHeight / 2 - (item.top + Math.min(item.h, 200) / 2) * this.scale;
    this.request();
  }

  /// The picture is about to be drawn again and again, until it rests.
  move() {
    this.moved = performance.now();
    this.request();
  }

  request() {
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(() => {
      this.requested = false;
      this.draw();
    });
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const {clientWidth: w, clientHeight: h} = this.canvas;
    if (this.canvas.width !== Math.round(w * ratio) || this.canvas.height !== Math.round(h * ratio)) {
      this.canvas.width = Math.round(w * ratio);
      this.canvas.height = Math.round(h * ratio);
    }
    return ratio;
  }

  draw() {
    const ratio = this.resize(), c = this.context, {canvas} = this;
    const view = {left: -this.x / this.scale, top: -this.y / this.scale,
      right: (canvas.clientWidth - this.x) / this.scale,
      bottom: (canvas.clientHeight - this.y) / this.scale};
    const boxes = this.boxes.filter((box) => box.left < view.right && box.left + box.w > view.left &&
      box.top < view.bottom && box.top + box.h > view.top);
    const moving = performance.now() - this.moved < 150;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.fillStyle = this.theme.background;
    c.fillRect(0, 0, canvas.width, canvas.height);
    if (moving && boxes.length > mostPerFrame && this.still) {
      this.drawStill(ratio);
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.request(), 160);
      return;
    }
    c.setTransform(ratio * this.scale, 0, 0, ratio * this.scale, ratio * this.x, ratio * this.y);
    for (const box of boxes) if (box.group && box.open) this.drawGroup(box);
    this.drawEdges(view);
    for (const box of boxes) if (!(box.group && box.open)) this.drawBox(box);
    if (this.selected) this.drawSelected(this.selected.box);
    if (boxes.length > mostPerFrame) this.keepStill();
  }

  /// What was drawn last, moved and scaled, is enough while the picture moves.
  keepStill() {
    this.still ||= {image: document.createElement("canvas")};
    const {image} = this.still;
    image.width = this.canvas.width;
    image.height = this.canvas.height;
    image.getContext("2d").drawImage(this.canvas, 0, 0);
    Object.assign(this.still, {x: this.x, y: this.y, scale: this.scale});
  }

  drawStill(ratio) {
    const {image, x, y, scale} = this.still, factor = this.scale / scale;
    this.context.setTransform(factor, 0, 0, factor, ratio * (this.x - x * factor),
      ratio * (this.y - y * factor));
    this.context.drawImage(image, 0, 0);
  }

  /// The colour that a mark or an overlay gives to a node. An overlay leaves other nodes as the
  /// background of the theme for which the page was made.
  fill(node) {
    return node?.fill === this.settings.themes[0].background ? this.theme.background : node?.fill;
  }

  textOn(fill) {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(fill.slice(at, at + 2), 16));
    return 0.3 * r + 0.6 * g + 0.1 * b > 128 ? "#1a1a1a" : "#f0f0f0";
  }

  paint(item) {
    const kind = item.node?.kind;
    return this.theme[["input", "parameter", "constant"].includes(kind) ? kind : item.part] ||
      this.theme.forward;
  }

  outline(x, y, w, h, radius) {
    this.context.beginPath();
    this.context.roundRect(x, y, w, h, radius);
  }

  drawGroup(group) {
    const c = this.context, paint = this.paint(group);
    this.outline(group.left, group.top, group.w, group.h, 8);
    c.globalAlpha = 0.25;
    c.fillStyle = paint.fill;
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = paint.line;
    c.lineWidth = 1;
    c.stroke();
    this.text("− " + group.title, group.left + 10, group.top + 18, 13, paint.line, "bold", group.w - 20);
  }

  text(text, x, y, size, colour, weight, most) {
    if (size * this.scale < small) return;
    const c = this.context;
    c.font = `${weight || ""} ${size}px Helvetica, Arial, sans-serif`;
    c.fillStyle = colour;
    let shown = text;
    if (most < 400 || text.length > 60)
      while (shown.length > 1 && this.width(shown, size, weight) > most)
        shown = shown.slice(0, shown.length * 0.9 - 1 | 0).replace(/…?$/, "…");
    c.fillText(shown, x, y);
  }

  drawBox(box) {
    const c = this.context, paint = this.paint(box), kind = box.node?.kind;
    this.outline(box.left, box.top, box.w, box.h, kind === "parameter" ? box.h / 2 : kind === "input" ? 0 : 6);
    const fill = this.fill(box.node) || paint.fill;
    c.fillStyle = fill;
    c.fill();
    c.strokeStyle = box.node?.fetched ? this.theme.fetch : paint.line;
    c.lineWidth = box.node?.fetched ? 2.2 : 1.1;
    c.stroke();
    if (13 * this.scale < small) return;
    if (box.group) {
      this.outline(box.left + 3, box.top + 3, box.w - 6, box.h - 6, 4);
      c.lineWidth = 0.6;
      c.stroke();
    }
    let y = box.top + 7;
    for (const line of this.lines(box)) {
      y += line.size + 3;
      const width = Math.min(this.width(line.text, line.size, line.weight), box.w - 16);
      this.text(line.text, box.left + (box.w - width) / 2, y - 3, line.size,
        fill !== paint.fill ? this.textOn(fill) : line.faint ? this.theme.faint : paint.text,
        line.weight, box.w - 16);
    }
  }

  drawSelected(box) {
    this.outline(box.left - 3, box.top - 3, box.w + 6, box.h + 6, 9);
    this.context.strokeStyle = "#3b82f6";
    this.context.lineWidth = Math.max(2.5, 2 / this.scale);
    this.context.stroke();
  }

  drawEdges(view) {
    const c = this.context, groups = new Map(), labels = [];
    for (const line of this.lines_) {
      const {a, b, edge} = line;
      const chosen = this.selected && (a === this.selected.box || b === this.selected.box);
      if (edge.kind === "tie" && !chosen) continue;
      if (Math.max(a.left, b.left) + 420 < view.left || Math.min(a.left, b.left) > view.right ||
          Math.max(a.top + a.h, b.top + b.h) < view.top || Math.min(a.top, b.top) > view.bottom)
        continue;
      const style = chosen ? "chosen" : edge.a.part !== edge.b.part ? "across" : edge.kind;
      if (!groups.has(style)) groups.set(style, []);
      groups.get(style).push(line);
      if (line.label && 11 * this.scale >= small) labels.push(line);
    }
    for (const [style, lines] of groups) {
      c.beginPath();
      for (const line of lines) this.trace(line);
      c.setLineDash(style === "type_only" || style === "tie" ? [3, 3] : []);
      c.globalAlpha = style === "across" ? 0.35 : 1;
      c.strokeStyle = style === "chosen" ? "#3b82f6" : this.theme.edge || this.theme.faint;
      c.lineWidth = style === "chosen" ? 2 : 1;
      c.stroke();
    }
    c.setLineDash([]);
    c.globalAlpha = 1;
    for (const line of labels) {
      const {a, b, edge, label} = line, [, , x, y] = this.ends(line);
      const row = 11 * ((edge.to_port || 0) % 2);  // so that names beside each other do not touch
      this.text(label, x + 4, a.top < b.top ? y - 6 - row : y + 14 + row, 11, this.theme.faint, "", 200);
    }
  }

  /// Where a line begins and ends; operands arrive in order.
  ends({a, b, at}) {
    if (this.settings.sideways) {
      const right = a.left + a.w / 2 <= b.left + b.w / 2;
      return [right ? a.left + a.w : a.left, a.top + a.h / 2, right ? b.left : b.left + b.w,
        b.top + b.h * at];
    }
    const down = a.top + a.h / 2 <= b.top + b.h / 2;
    return [a.left + a.w / 2, down ? a.top + a.h : a.top, b.left + b.w * at, down ? b.top : b.top + b.h];
  }

  trace(line) {
    const c = this.context, [x, y, u, v] = this.ends(line), {a, b} = line;
    c.moveTo(x, y);
    if (this.scale < 0.08) {
      c.lineTo(u, v);
      return;
    }
    const side = this.settings.sideways, bend = (side ? u - x : v - y) * 0.45;
    if (side) c.bezierCurveTo(x + bend, y, u - bend, v, u, v);
    else c.bezierCurveTo(x, y + bend, u, v - bend, u, v);
    const back = Math.sign(side ? u - x : v - y) * 6 || 6;
    for (const wing of [-3, 3]) {
      c.moveTo(u, v);
      if (side) c.lineTo(u - back, v + wing);
      else c.lineTo(u + wing, v - back);
    }
  }

  /// The innermost box at a point of the canvas.
  at(x, y) {
    const u = (x - this.x) / this.scale, v = (y - this.y) / this.scale;
    let best = null;
    for (const box of this.boxes)
      if (u >= box.left && u <= box.left + box.w && v >= box.top && v <= box.top + box.h &&
          (!best || box.depth >= best.depth))
        best = box;
    return best;
  }
}

/// The place of an operand along the side of its op where it arrives, from 0 to 1.
function portPlace(edge) {
  const ports = edge.b.node.kind === "op" ? edge.b.node.in || [] : [];
  const drawn = ports.filter((port) => !port.number), port = ports[edge.to_port || 0];
  return edge.kind === "data" && drawn.length > 1 ? (drawn.indexOf(port) + 1) / (drawn.length + 1) : 0.5;
}

function portLabel(edge) {
  const port = edge.b.node.in?.[edge.to_port || 0];
  return edge.kind === "data" && port?.label || "";
}
