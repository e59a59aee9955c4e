// Emoji: the shortcodes a business message is likely to use, and the commonest signs drawn here, as not every
// machine has a font for them. An unknown shortcode stays as it was written.

import { svg } from "/page/dom.js";

const KNOWN = {
  "+1": "👍", "-1": "👎", "100": "💯", thumbsup: "👍", thumbsdown: "👎", alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️",
  arrow_up: "⬆️", arrow_down_small: "🔽", arrow_up_small: "🔼", arrow_lower_right: "↘️", arrow_upper_right: "↗️", ballot_box_with_check: "☑️",
  bar_chart: "📊", bell: "🔔", bell_off: "🔕", no_bell: "🔕", black_circle: "⚫", black_square_button: "🔲", blue_circle: "🔵", blue_heart: "💙",
  bookmark: "🔖", books: "📚", boom: "💥", broken_heart: "💔", bulb: "💡", busts_in_silhouette: "👥", bust_in_silhouette: "👤", calendar: "📆",
  chart_with_downwards_trend: "📉", chart_with_upwards_trend: "📈", clipboard: "📋", clap: "👏", clock1: "🕐", credit_card: "💳", date: "📅",
  dart: "🎯", door: "🚪", eyes: "👀", email: "📧", envelope: "✉️", exclamation: "❗", file_folder: "📁", fire: "🔥", first_place_medal: "🥇",
  gear: "⚙️", ghost: "👻", gift: "🎁", grey_question: "❔", green_circle: "🟢", green_heart: "💚", handshake: "🤝", heart: "❤️",
  heavy_check_mark: "✔️", heavy_minus_sign: "➖", heavy_plus_sign: "➕", hourglass: "⌛", hourglass_flowing_sand: "⏳", house: "🏠",
  inbox_tray: "📥", information_source: "ℹ️", key: "🔑", label: "🏷️", large_blue_circle: "🔵", large_green_circle: "🟢",
  large_orange_circle: "🟠", large_red_square: "🟥", large_yellow_circle: "🟡", large_yellow_square: "🟨", large_green_square: "🟩",
  large_orange_square: "🟧", link: "🔗", lock: "🔒", loudspeaker: "📢", mag: "🔍", mega: "📣", memo: "📝", moneybag: "💰", money_with_wings: "💸",
  neutral_face: "😐", new: "🆕", no_entry: "⛔", ok: "🆗", office: "🏢", orange_circle: "🟠", outbox_tray: "📤", paperclip: "📎", pencil: "📝",
  pencil2: "✏️", phone: "☎️", telephone_receiver: "📞", pushpin: "📌", question: "❓", raised_hands: "🙌", recycle: "♻️", red_circle: "🔴",
  rocket: "🚀", rotating_light: "🚨", satellite: "📡", scales: "⚖️", seedling: "🌱", shield: "🛡️", slightly_frowning_face: "🙁",
  slightly_smiling_face: "🙂", small_blue_diamond: "🔹", small_orange_diamond: "🔸", small_red_triangle: "🔺", small_red_triangle_down: "🔻",
  smile: "😄", snowflake: "❄️", sos: "🆘", sparkles: "✨", speech_balloon: "💬", star: "⭐", stopwatch: "⏱️", sunny: "☀️", sunrise: "🌅",
  tada: "🎉", ticket: "🎫", trophy: "🏆", triangular_flag_on_post: "🚩", unlock: "🔓", warning: "⚠️", wave: "👋", white_check_mark: "✅",
  white_circle: "⚪", white_large_square: "⬜", wrench: "🔧", x: "❌", yellow_circle: "🟡", yellow_heart: "💛", zap: "⚡", zzz: "💤",
};

const RED = "#e0344b";
const ORANGE = "#f08a24";
const YELLOW = "#f2c230";
const GREEN = "#2bac76";
const BLUE = "#3b88c3";
const GREY = "#8d9096";
const GOLD = "#e8b33d";

const disc = (fill) => [["circle", { cx: 10, cy: 10, r: 8, fill }]];
const tile = (fill) => [["rect", { x: 2, y: 2, width: 16, height: 16, rx: 3, fill }]];
const shape = (fill, ...paths) => paths.map((d) => ["path", { d, fill }]);
const stroke = (colour, ...paths) =>
  paths.map((d) => ["path", { d, fill: "none", stroke: colour, "stroke-width": 2.2, "stroke-linecap": "round", "stroke-linejoin": "round" }]);
const PAGE = ["rect", { x: 4, y: 2, width: 12, height: 16, rx: 2, fill: "#dfe6ee" }];
const CALENDAR = [["rect", { x: 2, y: 3, width: 16, height: 15, rx: 2, fill: "#e8ecf1" }], ...shape(RED, "M2 5a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v3H2Z")];
const BARS = [["rect", { x: 2, y: 10, width: 4, height: 8, fill: BLUE }], ["rect", { x: 8, y: 4, width: 4, height: 14, fill: GREEN }], ["rect", { x: 14, y: 7, width: 4, height: 11, fill: RED }]];
const BELL = shape(GOLD, "M10 2a5 5 0 0 1 5 5c0 4 1 6 2.5 7.5h-15C4 13 5 11 5 7a5 5 0 0 1 5-5Z", "M8 16h4a2 2 0 0 1-4 0Z");

// In a square of 20.
const DRAWN = {
  "🔴": disc(RED), "🟠": disc(ORANGE), "🟡": disc(YELLOW), "🟢": disc(GREEN), "🔵": disc(BLUE), "⚪": disc("#d9dce1"), "⚫": disc("#4a4d52"),
  "🟥": tile(RED), "🟧": tile(ORANGE), "🟨": tile(YELLOW), "🟩": tile(GREEN), "🟦": tile(BLUE), "⬜": tile("#d9dce1"), "⬛": tile("#4a4d52"),
  "🔺": shape(RED, "M10 3 18 17H2Z"), "🔻": shape(RED, "M10 17 2 3h16Z"), "🔼": shape(BLUE, "M10 4 18 16H2Z"), "🔽": shape(BLUE, "M10 16 2 4h16Z"),
  "⚠️": [...shape(YELLOW, "M10 1.5 19 18H1Z"), ...stroke("#3a2c05", "M10 7v5", "M10 15v.2")],
  "✅": [...tile(GREEN), ...stroke("#fff", "M6 10.5 9 13.5 14.5 7")],
  "☑️": [...tile(BLUE), ...stroke("#fff", "M6 10.5 9 13.5 14.5 7")],
  "✔️": stroke(GREEN, "M4 11 8 15 16 5"),
  "❌": stroke(RED, "M4 4 16 16", "M16 4 4 16"),
  "❗": stroke(RED, "M10 3v9", "M10 17v.2"),
  "⛔": [...disc(RED), ...stroke("#fff", "M6 10h8")],
  "🚨": [...shape(RED, "M5 14V9a5 5 0 0 1 10 0v5Z"), ...shape(GREY, "M3 15h14v3H3Z"), ...stroke(ORANGE, "M10 1v1", "M3 4l1 1", "M17 4l-1 1")],
  "🔔": BELL,
  "🔕": [...BELL, ...stroke(GREY, "M3 3 17 17")],
  "📈": [...stroke(GREY, "M2 2v16h16"), ...stroke(GREEN, "M5 14 9 9l3 3 5-8")],
  "📉": [...stroke(GREY, "M2 2v16h16"), ...stroke(RED, "M5 5 9 9l3-2 5 7")],
  "📊": BARS,
  "⬆️": stroke(BLUE, "M10 17V3", "M4 9l6-6 6 6"), "⬇️": stroke(BLUE, "M10 3v14", "M4 11l6 6 6-6"), "➡️": stroke(BLUE, "M3 10h14", "M11 4l6 6-6 6"),
  "↗️": stroke(GREEN, "M4 16 16 4", "M8 4h8v8"), "↘️": stroke(RED, "M4 4 16 16", "M16 8v8H8"),
  "📝": [PAGE, ...stroke(GREY, "M7 7h6", "M7 11h6", "M7 15h3")],
  "📋": [PAGE, ...shape(GREY, "M7 1h6v4H7Z"), ...stroke(GREY, "M7 9h6", "M7 13h6")],
  "📅": CALENDAR, "📆": CALENDAR,
  "💬": shape(GREY, "M3 3h14a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H9l-5 4v-4H3a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Z"),
  "👁": [...stroke(GREY, "M1.5 10S5 4.5 10 4.5 18.5 10 18.5 10 15 15.5 10 15.5 1.5 10 1.5 10Z"), ["circle", { cx: 10, cy: 10, r: 2.5, fill: GREY }]],
  "👀": [["ellipse", { cx: 6, cy: 10, rx: 4, ry: 6, fill: "#e8ecf1" }], ["ellipse", { cx: 14, cy: 10, rx: 4, ry: 6, fill: "#e8ecf1" }], ["circle", { cx: 7, cy: 11, r: 2, fill: "#333" }], ["circle", { cx: 15, cy: 11, r: 2, fill: "#333" }]],
  "🎉": [...shape(GOLD, "M2 18 7 6l7 7Z"), ...stroke(RED, "M12 3v2"), ...stroke(BLUE, "M17 6l-2 2"), ...stroke(GREEN, "M18 12h-2")],
  "🚀": [...shape(BLUE, "M10 1c4 3 5 7 4 12H6C5 8 6 4 10 1Z"), ...shape(RED, "M6 10l-3 5h3Z", "M14 10l3 5h-3Z"), ...shape(ORANGE, "M8 14h4l-2 5Z")],
  "🌱": [...stroke(GREEN, "M10 18v-8"), ...shape(GREEN, "M10 11C4 11 3 7 3 4c5 0 7 3 7 7Z", "M10 9c0-4 3-6 7-6 0 4-2 6-7 6Z")],
  "🔥": [...shape(ORANGE, "M10 1c1 4 6 6 6 11a6 6 0 0 1-12 0c0-3 2-4 3-6 1 2 2 2 2 2s1-3 1-7Z"), ...shape(YELLOW, "M10 10c1 2 3 3 3 5a3 3 0 0 1-6 0c0-2 2-3 3-5Z")],
  "💡": [["circle", { cx: 10, cy: 8, r: 6, fill: YELLOW }], ...shape(GREY, "M7 14h6v4H7Z")],
  "⭐": shape(GOLD, "M10 1l2.7 6 6.3.6-4.800 4.200 1.5 6.200L10 14.7 4.3 18l1.5-6.200L1 7.6 7.3 7Z"),
  "💳": [["rect", { x: 1, y: 4, width: 18, height: 12, rx: 2, fill: BLUE }], ["rect", { x: 1, y: 7, width: 18, height: 3, fill: "#24405c" }]],
  "💰": [["circle", { cx: 10, cy: 12, r: 7, fill: GOLD }], ...shape(GOLD, "M6 1h8l-2 5H8Z"), ...stroke("#6b4d05", "M10 9v6")],
  "🎫": [["rect", { x: 1, y: 5, width: 18, height: 10, rx: 2, fill: ORANGE }], ...stroke("#fff", "M7 7v6")],
  "👤": shape(GREY, "M10 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z", "M2 18c0-4 4-6 8-6s8 2 8 6Z"),
  "👥": shape(GREY, "M7 3a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z", "M1 17c0-4 3-5.5 6-5.5s6 1.5 6 5.5Z", "M14 5a3 3 0 1 1 0 6Z", "M14 12c3 0 5 1.5 5 5h-4Z"),
  "⏰": [["circle", { cx: 10, cy: 11, r: 7, fill: RED }], ["circle", { cx: 10, cy: 11, r: 5, fill: "#fff" }], ...stroke("#333", "M10 8v3l2 1")],
  "⏳": shape(GOLD, "M5 2h10c0 5-3 6-4 8 1 2 4 3 4 8H5c0-5 3-6 4-8-1-2-4-3-4-8Z"),
  "💤": stroke(BLUE, "M3 9h6l-6 8h6", "M12 2h5l-5 6h5"),
  "🔒": [["rect", { x: 3, y: 9, width: 14, height: 10, rx: 2, fill: GOLD }], ...stroke(GREY, "M6 9V6a4 4 0 0 1 8 0v3")],
  "🔗": stroke(GREY, "M8 12a3.5 3.5 0 0 0 5 0l3-3a3.5 3.5 0 0 0-5-5l-1 1", "M12 8a3.5 3.5 0 0 0-5 0l-3 3a3.5 3.5 0 0 0 5 5l1-1"),
  "📎": stroke(GREY, "M14 6 7 13a2 2 0 0 0 3 3l7-7a4 4 0 0 0-6-6L4 10a6 6 0 0 0 8 8"),
  "📞": shape(GREEN, "M4 2l3 0 1.5 4.5L6.5 8c1 2.5 3 4.5 5.5 5.5l1.5-2L18 13v3c0 1.5-1 2-2 2C8 18 2 12 2 4c0-1 .5-2 2-2Z"),
  "✉️": [["rect", { x: 1, y: 4, width: 18, height: 12, rx: 2, fill: "#e8ecf1" }], ...stroke(GREY, "M2 5l8 6 8-6")],
  "👍": shape(GOLD, "M2 9h3v9H2Z", "M6 9l3-7c2 0 3 1 2.5 3L11 7h5c1.5 0 2 1 2 2l-1.5 7c-.3 1-1 2-2 2H6Z"),
  "👎": shape(GOLD, "M2 2h3v9H2Z", "M6 11l3 7c2 0 3-1 2.5-3L11 13h5c1.5 0 2-1 2-2l-1.5-7c-.3-1-1-2-2-2H6Z"),
  "👋": shape(GOLD, "M5 8c1-1 2 0 3 1L6 4c0-1 1-2 2-1l3 4-1-5c0-1 2-1 2 0l2 5 1-3c0-1 2-1 2 0 0 3 2 9-1 12-3 2-6 2-8-1-2-2-3-6-1-7Z"),
  "🎯": [...disc(RED), ["circle", { cx: 10, cy: 10, r: 5.5, fill: "#fff" }], ["circle", { cx: 10, cy: 10, r: 3, fill: RED }]],
  "🏢": [["rect", { x: 4, y: 1, width: 12, height: 18, rx: 1, fill: GREY }], ...stroke("#e8ecf1", "M7 5h1", "M12 5h1", "M7 9h1", "M12 9h1", "M7 13h1", "M12 13h1")],
};

const SIGNS = new RegExp(`(${Object.keys(DRAWN).map((sign) => sign.replace("\uFE0F", "") + "\uFE0F?").join("|")})`, "u");

function glyph(sign) {
  const parts = DRAWN[sign] ?? DRAWN[sign + "\uFE0F"] ?? DRAWN[sign.replace("\uFE0F", "")];
  const picture = svg("svg", { viewBox: "0 0 20 20", class: "glyph", role: "img", "aria-label": sign });
  picture.append(...parts.map(([name, attributes]) => svg(name, attributes)));
  return picture;
}

// Text as strings and drawn signs, in order.
export function drawn(text) {
  return text.split(SIGNS).map((part, at) => (at % 2 ? glyph(part) : part)).filter((part) => part !== "");
}

// Text with its :shortcodes: turned into signs.
export function named(text) {
  return text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => KNOWN[name] ?? whole);
}

// One shortcode as a node, or null when it is not known.
export function emoji(name) {
  const sign = KNOWN[name];
  if (!sign) return null;
  const [only] = drawn(sign);
  return only;
}
