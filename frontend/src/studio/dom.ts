/** Elements made and found with their types; text only ever becomes text. */

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A new element: true sets an attribute without a value, false leaves it out. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** The element of the page with this id; its absence is a fault of the page's own HTML. */
export function found<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`studio.html has no ${kind.name} "${id}"`);
  return element;
}

/** Change a text only where it differs: no needless layout, no needless announcement. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Make a container's children match `items`, keeping the elements (and their focus) of those that stay. */
export function match<T>(
  container: HTMLElement,
  items: readonly T[],
  keyOf: (item: T) => string,
  create: (item: T) => HTMLElement,
  update: (element: HTMLElement, item: T) => void,
): void {
  const present = new Map<string, HTMLElement>();
  for (const child of Array.from(container.children)) {
    if (child instanceof HTMLElement && child.dataset.key !== undefined) present.set(child.dataset.key, child);
    else child.remove();
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    let element = present.get(key);
    if (!element) {
      element = create(item);
      element.dataset.key = key;
    }
    present.delete(key);
    update(element, item);
    if (container.children[index] !== element) container.insertBefore(element, container.children[index] ?? null);
  });
  for (const gone of present.values()) gone.remove();
}

/** Whether the user is typing in this element. */
export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["range", "checkbox", "button"].includes(target.type);
}
