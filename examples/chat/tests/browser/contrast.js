// The texts of the page that stand out from their background less than WCAG 2 asks for (AA), with their ratios.

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Any color of CSS as red, green, blue and alpha. */
function parse(color) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

function blend(over, under, opacity = 1) {
  const alpha = over[3] * opacity;
  return [0, 1, 2].map((index) => over[index] * alpha + under[index] * (1 - alpha)).concat(1);
}

function backgroundOf(element) {
  if (!element) return [255, 255, 255, 1];
  const own = parse(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own : blend(own, backgroundOf(element.parentElement));
}

function opacityOf(element) {
  return element ? Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement) : 1;
}

function luminance(color) {
  const [red, green, blue] = color.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(element) {
  const background = backgroundOf(element);
  const text = blend(parse(getComputedStyle(element).color), background, opacityOf(element));
  const [dark, light] = [luminance(text), luminance(background)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function isRead(element) {
  const { clipPath } = getComputedStyle(element);
  const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return hasText && clipPath === "none" && element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest("[aria-hidden=true]");
}

function asked(element) {
  const { fontSize, fontWeight } = getComputedStyle(element);
  const size = parseFloat(fontSize);
  return size >= 24 || (size >= 18.66 && fontWeight >= 700) ? 3 : 4.5;
}

return [...document.body.querySelectorAll("*")]
  .filter((element) => isRead(element) && ratio(element) < asked(element))
  .map((element) => `${element.textContent.trim().slice(0, 40)}: ${ratio(element).toFixed(2)}`);
