package expiry

func (w *watch) plot(string) error { return nil }
