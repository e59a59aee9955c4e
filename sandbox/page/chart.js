// data_visualization blocks as plain SVG: line, area, bar and pie.

import { h, svg } from "/page/dom.js";

const WIDTH = 560;
const HEIGHT = 220;
const LEFT = 44;
const TOP = 10;
const BOTTOM = 26;

export function chart({ title, chart: data }) {
  const picture = data.type === "pie" ? pie(data) : axes(data);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `${title}: ${spoken(data)}`);
  return h("figure", { class: "chart" }, h("figcaption", {}, title), picture, legend(data));
}

function spoken(data) {
  const points = (list) => list.map((point) => `${point.label} ${point.value}`).join(", ");
  return data.type === "pie" ? points(data.segments) : data.series.map((series) => `${series.name}: ${points(series.data)}`).join("; ");
}

const colour = (at) => `var(--series-${(at % 6) + 1})`;

function legend(data) {
  const names = data.type === "pie" ? data.segments.map((one) => `${one.label} (${one.value})`) : data.series.map((one) => one.name);
  return h("ul", { class: "legend" }, names.map((name, at) => h("li", {}, h("i", { style: `background:${colour(at)}` }), name)));
}

function pie({ segments }) {
  const picture = svg("svg", { viewBox: "0 0 200 200", class: "pie" });
  const total = segments.reduce((sum, segment) => sum + segment.value, 0);
  let turned = -Math.PI / 2;
  segments.forEach((segment, at) => {
    const angle = (segment.value / total) * 2 * Math.PI;
    const slice = segments.length === 1 ? svg("circle", { cx: 100, cy: 100, r: 90 }) : svg("path", { d: wedge(turned, turned + angle) });
    slice.setAttribute("fill", colour(at));
    slice.append(tip(`${segment.label}: ${segment.value}`));
    picture.append(slice);
    turned += angle;
  });
  picture.append(svg("circle", { cx: 100, cy: 100, r: 52, class: "hole" }));
  return picture;
}

function wedge(from, to) {
  const at = (angle) => `${100 + 90 * Math.cos(angle)} ${100 + 90 * Math.sin(angle)}`;
  return `M100 100L${at(from)}A90 90 0 ${to - from > Math.PI ? 1 : 0} 1 ${at(to)}Z`;
}

const tip = (text) => {
  const node = svg("title");
  node.append(text);
  return node;
};

function axes(data) {
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}` });
  const values = data.series.flatMap((series) => series.data.map((point) => point.value));
  const [low, high, step] = range(values);
  const count = data.axis_config.categories.length;
  const x = (at) => LEFT + ((at + 0.5) * (WIDTH - LEFT - 8)) / count;
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  grid(picture, { low, high, step, y });
  labels(picture, data.axis_config.categories, x);
  const draw = data.type === "bar" ? bars : curve;
  data.series.forEach((series, at) => draw(picture, { series, at, x, y, low, count, of: data.series.length, filled: data.type === "area" }));
  return picture;
}

// The lowest and highest gridline, and the step between them: 1, 2, 2.5 or 5 times a power of ten.
function range(values) {
  const bottom = Math.min(0, ...values);
  const top = Math.max(...values, bottom + 1);
  const rough = (top - bottom) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((each) => each * power >= rough) * power;
  return [Math.floor(bottom / step) * step, Math.ceil(top / step) * step, step];
}

function grid(picture, { low, high, step, y }) {
  for (let value = low; value <= high + step / 2; value += step) {
    picture.append(svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value), class: "gridline" }));
    const label = svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" });
    label.append(new Intl.NumberFormat("en", { notation: "compact" }).format(value));
    picture.append(label);
  }
}

function labels(picture, categories, x) {
  const every = Math.ceil(categories.length / 8);
  categories.forEach((category, at) => {
    if (at % every) return;
    const label = svg("text", { x: x(at), y: HEIGHT - 8, "text-anchor": "middle" });
    label.append(category);
    picture.append(label);
  });
}

function curve(picture, { series, at, x, y, low, filled }) {
  const points = series.data.map((point, index) => `${x(index)} ${y(point.value)}`);
  const last = series.data.length - 1;
  if (filled) picture.append(svg("path", { d: `M${x(0)} ${y(low)}L${points.join("L")}L${x(last)} ${y(low)}Z`, fill: colour(at), opacity: 0.25 }));
  picture.append(svg("path", { d: `M${points.join("L")}`, fill: "none", stroke: colour(at), "stroke-width": 2.5, "stroke-linejoin": "round" }));
  series.data.forEach((point, index) =>
    picture.append(svg("circle", { cx: x(index), cy: y(point.value), r: 3.5, fill: colour(at) }, tip(`${series.name}, ${point.label}: ${point.value}`))),
  );
}

function bars(picture, { series, at, x, y, low, count, of }) {
  const band = ((WIDTH - LEFT - 8) / count) * 0.7;
  const width = band / of;
  series.data.forEach((point, index) => {
    const top = y(Math.max(point.value, low));
    const bar = svg("rect", { x: x(index) - band / 2 + at * width, y: top, width: Math.max(1, width - 2), height: Math.max(0, y(low) - top), rx: 2, fill: colour(at) });
    bar.append(tip(`${series.name}, ${point.label}: ${point.value}`));
    picture.append(bar);
  });
}
