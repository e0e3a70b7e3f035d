package main

import (
	"encoding/json"
	"strconv"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/barcode/picture"
)

// barcodeAnswer is the answer to one line. What is empty does not apply and is left out.
type barcodeAnswer struct {
	input  []byte
	status string // ok, repaired, ambiguous or refused
	object string // the symbology, where it had to be told
	imb    *barcode.IMb

	upsideDown bool
	known      bool // the known set holds the answer
	repaired   int  // bars that were changed
	runnerUp   int  // wrong bars of the nearest other barcode; -1: none near
	confidence float64
	candidates []barcode.Candidate
	fields     []barcode.Field
	otherHolds bool           // another reading holds too
	found      *picture.Found // where it stands in a picture
	err        error
}

// appendJSON appends the answer as an object on one line.
func (b *barcodeAnswer) appendJSON(dst []byte) []byte {
	dst = appendJSONText(append(dst, `{"input":`...), b.input)
	dst = append(append(append(dst, `,"status":"`...), b.status...), '"')
	if b.object != "" {
		dst = append(append(append(dst, `,"object":"`...), b.object...), '"')
	}
	if b.imb != nil {
		dst = appendIMbMembers(append(dst, ','), b.imb)
	}
	if b.upsideDown {
		dst = append(dst, `,"upsideDown":true`...)
	}
	if b.known {
		dst = append(dst, `,"known":true`...)
	}
	if b.repaired > 0 {
		dst = strconv.AppendInt(append(dst, `,"repaired":`...), int64(b.repaired), 10)
		if b.runnerUp >= 0 {
			dst = strconv.AppendInt(append(dst, `,"runnerUp":`...), int64(b.runnerUp), 10)
		}
	}
	if b.confidence > 0 {
		dst = appendShare(append(dst, `,"confidence":`...), b.confidence)
	}
	dst = b.appendCandidates(dst)
	dst = b.appendFields(dst)
	if b.otherHolds {
		dst = append(dst, `,"otherReading":true`...)
	}
	if b.found != nil {
		dst = b.appendFound(dst)
	}
	if b.err != nil {
		dst = appendJSONText(append(dst, `,"error":`...), []byte(b.err.Error()))
	}
	return append(dst, '}')
}

func (b *barcodeAnswer) appendCandidates(dst []byte) []byte {
	for i := range b.candidates {
		if i == 0 {
			dst = append(dst, `,"candidates":[{`...)
		} else {
			dst = append(dst, `,{`...)
		}
		c := &b.candidates[i]
		dst = appendIMbMembers(dst, &c.IMb)
		dst = strconv.AppendInt(append(dst, `,"wrong":`...), int64(c.Wrong), 10)
		dst = append(appendShare(append(dst, `,"confidence":`...), c.Confidence), '}')
	}
	if len(b.candidates) > 0 {
		dst = append(dst, ']')
	}
	return dst
}

func (b *barcodeAnswer) appendFields(dst []byte) []byte {
	for i, field := range b.fields {
		if i == 0 {
			dst = append(dst, `,"fields":{`...)
		} else {
			dst = append(dst, ',')
		}
		dst = appendJSONText(append(appendJSONText(dst, []byte(field.Name)), ':'), []byte(field.Value))
	}
	if len(b.fields) > 0 {
		dst = append(dst, '}')
	}
	return dst
}

// appendIMbMembers appends the members imb, tracking, routing and bars; routing only where there is one.
func appendIMbMembers(dst []byte, m *barcode.IMb) []byte {
	dst = append(append(dst, `"imb":"`...), m.Digits()...)
	dst = append(append(dst, `","tracking":"`...), m.Tracking()...)
	if len(m.Routing()) > 0 {
		dst = append(append(dst, `","routing":"`...), m.Routing()...)
	}
	bars := m.Bars()
	return append(append(append(dst, `","bars":"`...), bars[:]...), '"')
}

// appendShare appends a probability with six digits.
func appendShare(dst []byte, share float64) []byte {
	return strconv.AppendFloat(dst, share, 'g', 6, 64)
}

// appendJSONText appends text in quotation marks. What is no UTF-8 becomes U+FFFD.
func appendJSONText(dst, text []byte) []byte {
	for _, c := range text {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(string(text))
			if err != nil {
				return append(dst, `""`...) // no text makes it fail
			}
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), text...), '"')
}

// appendDigits appends TRACKING, and a space and ROUTING where there is one.
func appendDigits(dst []byte, m *barcode.IMb) []byte {
	dst = append(dst, m.Tracking()...)
	if len(m.Routing()) > 0 {
		dst = append(append(dst, ' '), m.Routing()...)
	}
	return dst
}

// appendRefused appends the text of a refusal.
func appendRefused(dst []byte, why error) []byte {
	return append(append(dst, "refused: "...), why.Error()...)
}

// appendAmbiguous appends the text of an ambiguous answer: the candidates, the most probable first, as decode would print each of them.
func appendAmbiguous(dst []byte, candidates []barcode.Candidate) []byte {
	for i := range candidates {
		if i == 0 {
			dst = append(dst, "ambiguous: "...)
		} else {
			dst = append(dst, " | "...)
		}
		dst = appendDigits(dst, &candidates[i].IMb)
	}
	return dst
}

// refusal answers for a line that an answerer does not get to see.
type refusal struct{ format answerFormat }

// Refuse appends the answer in the format.
func (r refusal) Refuse(dst, line []byte, why error) []byte {
	if r.format == "json" {
		answer := barcodeAnswer{input: line, status: "refused", err: why}
		return answer.appendJSON(dst)
	}
	return appendRefused(dst, why)
}
