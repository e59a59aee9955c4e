// Light or dark: as the system says, until somebody chooses otherwise.

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

export function themeSwitch(button) {
  const show = () => {
    button.setAttribute("aria-pressed", isDark());
    button.title = isDark() ? "Switch to light" : "Switch to dark";
  };
  const chosen = localStorage.getItem("theme");
  if (chosen) root.dataset.theme = chosen;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}
