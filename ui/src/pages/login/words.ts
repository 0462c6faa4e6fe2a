import { defineWords } from "../../words/language.svelte";

export const w = defineWords({
  en: {
    title: "Sign in",
    password: "Password or API token",
    submit: "Sign in",
    wrong: "That is not the password.",
    often: (seconds: string) => `Too many tries. Try again in ${seconds}.`,
    failed: (message: string) => `Could not sign in: ${message}`,
    no_password: "No password is set. Use the API token, or run `marginwatch web set-password` on the machine of the service.",
    read_only: "Read-only monitor: nothing here can trade or move funds.",
  },
  zh: {
    title: "登录",
    password: "密码或 API 令牌",
    submit: "登录",
    wrong: "密码不正确。",
    often: (seconds: string) => `尝试次数过多。请在 ${seconds}后重试。`,
    failed: (message: string) => `无法登录：${message}`,
    no_password: "尚未设置密码。请使用 API 令牌，或在服务所在机器上运行 `marginwatch web set-password`。",
    read_only: "只读监控：此处无法交易，也无法转移资金。",
  },
  vi: {
    title: "Đăng nhập",
    password: "Mật khẩu hoặc mã API",
    submit: "Đăng nhập",
    wrong: "Mật khẩu không đúng.",
    often: (seconds: string) => `Thử quá nhiều lần. Hãy thử lại sau ${seconds}.`,
    failed: (message: string) => `Không đăng nhập được: ${message}`,
    no_password: "Chưa đặt mật khẩu. Hãy dùng mã API, hoặc chạy `marginwatch web set-password` trên máy chạy dịch vụ.",
    read_only: "Chỉ đọc: ở đây không thể giao dịch hay chuyển tiền.",
  },
  th: {
    title: "เข้าสู่ระบบ",
    password: "รหัสผ่านหรือโทเคน API",
    submit: "เข้าสู่ระบบ",
    wrong: "รหัสผ่านไม่ถูกต้อง",
    often: (seconds: string) => `ลองมากเกินไป ลองใหม่ใน ${seconds}`,
    failed: (message: string) => `เข้าสู่ระบบไม่ได้: ${message}`,
    no_password: "ยังไม่ได้ตั้งรหัสผ่าน ใช้โทเคน API หรือรัน `marginwatch web set-password` บนเครื่องของบริการ",
    read_only: "ดูได้อย่างเดียว: ที่นี่ซื้อขายหรือโอนเงินไม่ได้",
  },
});
