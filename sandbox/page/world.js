// Who and what the page can name, and how time reads for the person who looks.

export class World {
  constructor(screen) {
    this.screen = screen;
    this.you = screen.you;
    this.members = new Map(screen.members.map((one) => [one.id, one]));
    this.tz = this.members.get(screen.you)?.tz ?? "UTC";
    this.now = new Date(screen.now);
  }

  member(id) {
    return this.members.get(id);
  }

  name(id) {
    return this.members.get(id)?.name;
  }

  group(id) {
    return this.screen.groups.find((one) => one.id === id)?.handle;
  }

  people() {
    return this.screen.members.filter((one) => one.is_person);
  }

  channels() {
    return this.screen.channels.filter((one) => !one.is_dm);
  }

  channel(id) {
    return this.screen.channels.find((one) => one.id === id);
  }

  channelName(id) {
    return this.channel(id)?.name;
  }

  format(at, options) {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: this.tz }).format(at);
  }

  // "Today", "Yesterday", "Tomorrow", or null for any other day.
  nearDay(at) {
    const key = (moment) => this.format(moment, { year: "numeric", month: "numeric", day: "numeric" });
    for (const [name, days] of [["Today", 0], ["Yesterday", -1], ["Tomorrow", 1]]) {
      if (key(new Date(this.now.getTime() + days * 86_400_000)) === key(at)) return name;
    }
    return null;
  }

  ago(at) {
    const minutes = Math.round((at - this.now) / 60_000);
    const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
    if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
    if (Math.abs(minutes) < 48 * 60) return relative.format(Math.round(minutes / 60), "hour");
    return relative.format(Math.round(minutes / 1440), "day");
  }
}
