import { mount } from "svelte";
import App from "./App.svelte";
import { theme } from "./theme.svelte";
import "./theme.css";
import { language } from "./words/language.svelte";

document.documentElement.dataset["theme"] = theme.current;
document.documentElement.lang = language.current;

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no element #app");

mount(App, { target });
