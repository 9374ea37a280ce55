"""What happens to a conversation: the one way in which mails, rules, timers and tags act."""
