package main

// eventTypeName is handlingEventType in words (IV-MTR).
func eventTypeName(code string) string {
	switch code {
	case "", "A":
		return "actual"
	case "S":
		return "assumed"
	case "L":
		return "logical"
	}
	return code
}

// eventName says in words what a code stands for: three digits are an operation (MODS, Handbook M-32), two characters an
// event of a package. Only those are here whose meaning has a public source; the full tables were not found.
func eventName(code string) string {
	if len(code) == 2 {
		return packageEventName(code)
	}
	switch code {
	case "873":
		return "truck arrived"
	case "874":
		return "container unloaded"
	case "893":
		return "managed mail, first sort on arrival"
	case "918":
		return "delivery point sequence, pass 1"
	case "919":
		return "delivery point sequence, pass 2"
	}
	return ""
}

func packageEventName(code string) string {
	switch code {
	case "01":
		return "delivered"
	case "02":
		return "notice left"
	case "03":
		return "accepted or picked up"
	case "04":
		return "refused"
	case "05":
		return "undeliverable as addressed"
	case "06":
		return "forwarded"
	case "07":
		return "arrived at the delivery unit"
	case "08":
		return "missent"
	case "09":
		return "returned to the sender"
	case "10":
		return "processed"
	case "14":
		return "at the pickup point"
	case "16":
		return "available for pickup"
	case "17":
		return "picked up by an agent"
	case "21":
		return "no such number"
	case "22":
		return "insufficient address"
	case "23":
		return "moved, left no address"
	case "24":
		return "forwarding order expired"
	case "26":
		return "vacant"
	case "27":
		return "unclaimed"
	case "30":
		return "no access"
	case "71":
		return "delivery rescheduled"
	case "AD":
		return "accepted at the destination"
	case "EF":
		return "departed from the sort facility"
	case "GX":
		return "label created"
	case "MA":
		return "in the shipper's manifest"
	case "OA":
		return "accepted at the origin"
	case "OF":
		return "out for delivery"
	case "PC":
		return "processing complete"
	case "SF":
		return "departed from the post office"
	}
	return ""
}
