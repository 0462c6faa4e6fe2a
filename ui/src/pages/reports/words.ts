import { defineWords } from "../../words/language.svelte";

export const w = defineWords({
  en: {
    title: "Reports are not built yet",
    what: "Daily and weekly reports will be kept here: profit and loss taken apart, risk over the day, alerts and what was done about them. Until then: exports on the pages of accounts, positions and alerts.",
  },
  zh: {
    title: "报告尚未提供",
    what: "日报和周报将放在这里：盈亏归因、当日风险、告警及其处理。在此之前，可在账户、持仓和告警页面导出数据。",
  },
  vi: {
    title: "Báo cáo chưa có",
    what: "Báo cáo ngày và tuần sẽ ở đây: phân tích lãi lỗ, rủi ro trong ngày, cảnh báo và cách xử lý. Hiện có thể xuất dữ liệu ở trang tài khoản, vị thế và cảnh báo.",
  },
  th: {
    title: "ยังไม่มีรายงาน",
    what: "รายงานรายวันและรายสัปดาห์จะอยู่ที่นี่: ที่มาของกำไรขาดทุน ความเสี่ยงของวัน การแจ้งเตือนและการจัดการ ระหว่างนี้ส่งออกได้จากหน้าบัญชี สถานะ และการแจ้งเตือน",
  },
});
