"use strict";

// Rows of a table that hold all the words of its search box.
for (const box of document.querySelectorAll(".search")) {
  const input = box.querySelector("input");
  const count = box.querySelector("output");
  const rows = [...document.getElementById(input.getAttribute("aria-controls")).rows];
  const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase());
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, place) => {
      row.hidden = !words.every((word) => texts[place].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
  };
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      filter();
    }
  });
  box.hidden = false;
  filter();
}

// Pages in files may lack the clipboard of today, so there is the old way, too.
const copied = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
};
const said = document.getElementById("said");
for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const done = await copied(button.dataset.copy);
    button.focus();
    button.textContent = done ? "Copied" : "Not copied";
    said.textContent = `${button.getAttribute("aria-label").slice(5)}: ${done ? "copied" : "not copied"}`;
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
}
