// What the theme leaves open for those who use a keyboard or a screen reader.

for (const caption of document.querySelectorAll(".caption[role=heading]")) caption.setAttribute("aria-level", "2");
for (const [name, label] of [[".sidebar-drawer", "Pages"], [".toc-drawer", "On this page"]]) {
  const side = document.querySelector(name);
  if (side) side.setAttribute("aria-label", label);
}
for (const box of document.querySelectorAll("pre, .table-wrapper, .output.text_html")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; // so that arrow keys can scroll it
}
