package schemas

// SignalKey is the key of a signal: type/component. All signals of type AlertDelivery share one key, for whether an alert
// about one destination may go to another depends on what is open about the other: one stage has to see both.
func SignalKey(t SystemErrorType, component string) string {
	if t == AlertDelivery {
		return string(t)
	}
	return string(t) + "/" + component
}

// StatusKey is the key of a SourceStatus: source/stage.
func StatusKey(source, stage string) string { return source + "/" + stage }

// DeliveryKey is the key of everything about one alert at one destination: destination/alert.
func DeliveryKey(destination, alert string) string { return destination + "/" + alert }
