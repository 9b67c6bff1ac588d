"use strict";
// Two comforts: sorting tables, and laying a picture over its photograph. Without them everything is still there.
document.documentElement.classList.add("scripted");

function sortable(table) {
  const headers = [...table.tHead.rows[0].cells];
  const body = table.tBodies[table.tBodies.length - 1]; // floor and ceiling stay on top, in a body of their own
  headers.forEach((header, column) => {
    if ("plain" in header.dataset) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const first = header.dataset.best === "high" ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = header.getAttribute("aria-sort") === first ? other : first;
      headers.forEach((each) => each.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", order);
      body.append(...sorted([...body.rows], column, order === "ascending" ? 1 : -1));
    });
  });
}

function sorted(rows, column, sign) {
  const texts = rows.map((row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim());
  const missing = (text) => text === "" || text === "–";
  const digits = /^[-−]?[\d,]*\.?\d+(e[-−+]?\d+)?(%| [\p{L}/]+)?$/u; // 1,234 s; 2026-05-03 is a name
  const number = (text) => (digits.test(text) ? Number.parseFloat(text.replaceAll(",", "").replace("−", "-")) : NaN);
  const numeric = texts.every((text) => missing(text) || !Number.isNaN(number(text)));
  const key = (text) => (missing(text) ? null : numeric ? number(text) : text);
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return rows
    .map((row, i) => [key(texts[i]), row])
    .sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null); // what is missing comes last either way
      return sign * (numeric ? a - b : compare(a, b));
    })
    .map(([, row]) => row);
}

function zoomable(dialog) {
  const images = [...document.querySelectorAll("img.photo, img.stylised, img.painting")];
  const stage = dialog.querySelector(".stage");
  const [under, over] = stage.querySelectorAll("img");
  const slider = stage.querySelector("input");
  let shown = 0;

  function slide() {
    over.style.clipPath = `inset(0 0 0 ${slider.value}%)`;
    stage.querySelector(".divider").style.left = `${slider.value}%`;
  }
  function show(index) {
    shown = (index + images.length) % images.length;
    const image = images[shown];
    const photo = image.classList.contains("stylised") && image.closest("[data-pair]").querySelector("img.photo");
    stage.classList.toggle("alone", !photo);
    under.src = photo ? photo.src : image.src;
    under.alt = photo ? photo.alt : image.alt;
    over.src = image.src;
    over.alt = photo ? image.alt : "";
    dialog.querySelector(".caption").textContent = image.alt;
    slide();
  }
  images.forEach((image, index) => {
    image.tabIndex = 0;
    image.setAttribute("role", "button");
    const open = () => { show(index); dialog.showModal(); };
    image.addEventListener("click", open);
    image.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
    });
  });
  slider.addEventListener("input", slide);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || "close" in event.target.dataset) dialog.close();
    if ("step" in event.target.dataset) show(shown + Number(event.target.dataset.step));
  });
  dialog.addEventListener("close", () => images[shown].focus({ preventScroll: true }));
}

document.querySelectorAll("table.sortable").forEach(sortable);
zoomable(document.getElementById("zoom"));
