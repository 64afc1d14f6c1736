"""What each layer isolates: lessons whose claims are checked on the running lab."""
