import { defineWords } from "../../words/language.svelte";

export const w = defineWords({
  en: {
    title: "Acknowledge",
    what: "Others are not told again until then, unless it gets worse.",
    author: "Your name",
    comment: "What you do about it",
    duration: "For",
    submit: "Acknowledge",
    cancel: "Cancel",
    failed: (message: string) => `Not acknowledged: ${message}`,
  },
  zh: {
    title: "确认告警",
    what: "在此之前不再通知其他人，除非情况恶化。",
    author: "您的姓名",
    comment: "处理方式",
    duration: "时长",
    submit: "确认",
    cancel: "取消",
    failed: (message: string) => `未能确认：${message}`,
  },
  vi: {
    title: "Xác nhận",
    what: "Người khác không bị báo lại cho đến lúc đó, trừ khi tệ hơn.",
    author: "Tên bạn",
    comment: "Bạn xử lý thế nào",
    duration: "Trong",
    submit: "Xác nhận",
    cancel: "Hủy",
    failed: (message: string) => `Chưa xác nhận được: ${message}`,
  },
  th: {
    title: "รับเรื่อง",
    what: "จะไม่เตือนผู้อื่นซ้ำจนถึงเวลานั้น เว้นแต่แย่ลง",
    author: "ชื่อของคุณ",
    comment: "คุณจัดการอย่างไร",
    duration: "นาน",
    submit: "รับเรื่อง",
    cancel: "ยกเลิก",
    failed: (message: string) => `รับเรื่องไม่ได้: ${message}`,
  },
});
