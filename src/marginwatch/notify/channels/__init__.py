"""Ways to people, one folder a kind, all alike: ``manifest``, ``config``, ``channel``, ``README.md``.

In: messages in words. Out: receipts, or why there is none. State: none that a restart must know. Never: a retry of its
own, a secret in an error or a log, markup made of unescaped text.

Modules
-------
base        what every channel is
registry    all kinds by name
payload     a message and its alerts as one JSON document
plain_text  a message without markup
inbox       a local file
webhook     a signed JSON document
http_post   one JSON POST with a bounded answer, its failures translated
harmless    texts from outside before any markup
layout      marks and words that chat messages share
trimming    messages within a platform's limit
telegram    a bot in a chat
email       SMTP with TLS
alertmanager  Alertmanager's API v2
apprise     whatever Apprise can speak to
slack       a webhook, or a bot that changes its messages
line        LINE's Messaging API
wecom       a group's robot in WeCom
feishu      a group's bot in Feishu or Lark
dingtalk    a group's robot in DingTalk
wide_marks  markdown without escapes
webhook_address  where a group's robot listens
"""
