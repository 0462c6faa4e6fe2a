import { defineWords } from "../../words/language.svelte";

export const w = defineWords({
  en: {
    title: "The analyst is not built yet",
    what: "Here will be what changed and why in plain sentences, each figure linked to where it comes from. It will decide nothing.",
  },
  zh: {
    title: "分析师尚未提供",
    what: "这里将用简明的句子说明发生了什么变化及其原因，每个数字都可追溯来源。它不做任何决定。",
  },
  vi: {
    title: "Phân tích viên chưa có",
    what: "Ở đây sẽ có những câu dễ hiểu nói điều gì đã đổi và vì sao, mỗi con số dẫn về nguồn của nó. Nó không quyết định điều gì.",
  },
  th: {
    title: "ยังไม่มีนักวิเคราะห์",
    what: "ที่นี่จะบอกว่าอะไรเปลี่ยนและเพราะอะไรด้วยประโยคที่เข้าใจง่าย ทุกตัวเลขเชื่อมไปยังที่มา และจะไม่ตัดสินใจสิ่งใด",
  },
});
