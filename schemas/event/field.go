package event

// Field names one field of a scan event. Its value is the field's place in a
// Scan and in the table of specifications; it is not stored or sent anywhere.
type Field uint8

// The fields of a scan event, grouped by what they speak of. JSON names,
// numbers and lengths stand in specs.
const (
	// The object that was scanned: exactly one of these names it.
	IMb Field = iota
	Bars
	IMtb
	IMcb
	IMpb
	S10
	PLANET

	// When.
	ScanDatetime

	// Where.
	ScanLocaleKey
	ScanFacilityName
	ScanFacilityCity
	ScanFacilityState
	ScanFacilityZip
	MachineID
	MachineName
	DeviceID
	ScannerType

	// What happened.
	ScanEventCode
	OperationCode
	HandlingEventType
	HandlingEventTypeDescription
	ScanState
	MailPhase
	MailClassDescription
	MailShapeDescription
	SpecialService
	IDTag
	PieceID
	EventID

	// Parts of a barcode that a feed sends beside it; checked, not stored.
	IMbTrackingCode
	IMbStid
	IMbMid
	IMbSerialNumber
	IMbRoutingCode
	RoutingCodeIMbMatchingPortion
	IMtbDestinationZip
	IMtbCin
	IMtbProcessingCode
	IMtbMid
	IMtbSerialNumber
	IMcbMid
	IMcbSerialNumber

	// Dates of the promise.
	StartTheClockDate
	PredictedDeliveryDate
	ExpectedDeliveryDate
	AnticipatedDeliveryDate

	// The mailing's electronic documentation.
	EdocJobID
	EdocMailingGroupID
	EdocSubmitterCrid
	EdocPackageID
	EdocContainerID
	EdocParentContainerID
	EdocSiblingContainerID
	EdocCsaAgreementID
	EdocUserLicenseCode
	ParentContainerEdocContainerID
	ParentTrayEdocContainerID

	// Logical delivery.
	LdeDeliveryMode
	LdeInventoryMethod
	LdeTriggerMethod

	// Handling units and containers.
	AppointmentID
	BundleCount
	PieceCount
	TrayCount
	ArrDtm
	StcDate
	StcFacName
	StcFacAddr
	StcFacCity
	StcFacState
	StcFacZip
	StcFacLcleKey

	// Beside a PLANET code (CONFIRM).
	RoutingCode

	NumFields
)

// Kind is what a field's text may be.
type Kind uint8

const (
	// Text is any UTF-8.
	Text Kind = iota
	// Digits is decimal digits only; JSON numbers are taken as well.
	Digits
	// Letters is ASCII letters and digits.
	Letters
	// Count is a decimal number of at most ten digits that fits 32 bits.
	Count
	// Date is YYYY-MM-DD.
	Date
	// Moment is an RFC 3339 date and time, with or without an offset.
	Moment
)

// Spec says what one field of a scan event is.
type Spec struct {
	// Name is the JSON name, the IV-MTR feed's own where it has the field.
	Name string
	// Number is the field's number in the protobuf message ScanEvent.
	Number int32
	// Kind is what the text may be.
	Kind Kind
	// Max is the longest text, in bytes.
	Max int
	// Lengths are the only lengths allowed, where the length is fixed.
	Lengths []int
	// Pad is the width to which a JSON number is filled with zeros from the left.
	Pad int
	// Derived marks a part of the barcode: it is checked against it and not stored.
	Derived bool
	// Group is the group in whose column the field is stored; NoGroup where it has its own.
	Group Group
	// Later marks a field that its group got when rows were stored already: it stands behind the others.
	Later bool
	// Comment describes the field for people: unit, meaning and source.
	Comment string
}

// Spec returns what the field is.
func (f Field) Spec() *Spec { return &specs[f] }

// String returns the field's JSON name.
func (f Field) String() string { return specs[f].Name }

// feed is the source of most fields: the feed fields of Informed Visibility
// Mail Tracking and Reporting (IV-MTR), with their greatest lengths.
var specs = [NumFields]Spec{
	IMb:    {Name: "imb", Number: 1, Kind: Digits, Max: 31, Lengths: []int{20, 25, 29, 31}, Comment: "Intelligent Mail barcode, 20-digit tracking code and routing code of 0, 5, 9 or 11 digits (USPS-B-3200)"},
	Bars:   {Name: "bars", Number: 2, Kind: Letters, Max: 66, Group: More, Comment: "the bars of an Intelligent Mail barcode as the camera read them: 65 letters A D F T, ? for one that it could not read; 64 or 66 where it lost one or saw one too many (USPS-B-3200)"},
	IMtb:   {Name: "imtb", Number: 3, Kind: Digits, Max: 24, Lengths: []int{24}, Comment: "Intelligent Mail tray barcode, 24 digits (IV-MTR handling unit)"},
	IMcb:   {Name: "imcb", Number: 4, Kind: Letters, Max: 21, Lengths: []int{21}, Comment: "Intelligent Mail container barcode, 21 characters (IV-MTR container)"},
	IMpb:   {Name: "impb", Number: 5, Kind: Digits, Max: 42, Lengths: []int{20, 22, 26, 30, 34, 38, 42}, Comment: "Intelligent Mail package barcode, GS1-128 digits with or without 420 and ZIP Code"},
	S10:    {Name: "s10", Number: 6, Kind: Letters, Max: 13, Lengths: []int{13}, Comment: "international postal item identifier, 13 characters (UPU S10)"},
	PLANET: {Name: "planet", Number: 92, Kind: Digits, Max: 14, Lengths: []int{12, 14}, Comment: "PLANET code, 12 or 14 digits (CONFIRM)"},

	ScanDatetime: {Name: "scanDatetime", Number: 7, Kind: Moment, Max: 35, Comment: "time of the scan, RFC 3339; without an offset the local time of the facility"},

	ScanLocaleKey:     {Name: "scanLocaleKey", Number: 10, Kind: Letters, Max: 9, Group: Place, Comment: "locale key of the facility of the scan (USPS facility file)"},
	ScanFacilityName:  {Name: "scanFacilityName", Number: 11, Kind: Text, Max: 50, Group: Place, Comment: "name of the facility of the scan (IV-MTR)"},
	ScanFacilityCity:  {Name: "scanFacilityCity", Number: 12, Kind: Text, Max: 50, Group: Place, Comment: "city of the facility of the scan (IV-MTR)"},
	ScanFacilityState: {Name: "scanFacilityState", Number: 13, Kind: Letters, Max: 2, Group: Place, Comment: "state of the facility of the scan, two letters (IV-MTR)"},
	ScanFacilityZip:   {Name: "scanFacilityZip", Number: 14, Kind: Digits, Max: 9, Lengths: []int{5, 9}, Pad: 5, Group: Place, Comment: "ZIP Code of the facility of the scan, 5 or 9 digits (IV-MTR)"},
	MachineID:         {Name: "machineId", Number: 15, Kind: Text, Max: 15, Group: Place, Comment: "mail processing equipment that made the scan (IV-MTR)"},
	MachineName:       {Name: "machineName", Number: 16, Kind: Text, Max: 25, Group: Place, Comment: "name of the mail processing equipment (IV-MTR)"},
	DeviceID:          {Name: "deviceId", Number: 17, Kind: Text, Max: 25, Group: Place, Comment: "handheld or other device that made the scan (IV-MTR bundle)"},
	ScannerType:       {Name: "scannerType", Number: 18, Kind: Text, Max: 10, Group: Place, Comment: "type of scanner (IV-MTR)"},

	ScanEventCode:                {Name: "scanEventCode", Number: 20, Kind: Letters, Max: 3, Group: Handling, Comment: "operation code of three digits, or event code of a package (IV-MTR)"},
	OperationCode:                {Name: "operationCode", Number: 21, Kind: Letters, Max: 3, Group: Handling, Comment: "operation code where the feed sends it apart from scanEventCode, three digits (MODS Handbook M-32)"},
	HandlingEventType:            {Name: "handlingEventType", Number: 22, Kind: Letters, Max: 2, Group: Handling, Comment: "A actual, S assumed, L logical (IV-MTR)"},
	HandlingEventTypeDescription: {Name: "handlingEventTypeDescription", Number: 23, Kind: Text, Max: 30, Group: Handling, Comment: "description of handlingEventType (IV-MTR)"},
	ScanState:                    {Name: "scanState", Number: 24, Kind: Text, Max: 30, Group: Handling, Comment: "state of the handling unit or container at the scan (IV-MTR)"},
	MailPhase:                    {Name: "mailPhase", Number: 25, Kind: Text, Max: 50, Group: Handling, Comment: "phase of the journey (IV-MTR)"},
	MailClassDescription:         {Name: "mailClassDescription", Number: 26, Kind: Text, Max: 50, Group: Handling, Comment: "class of mail in words (IV-MTR)"},
	MailShapeDescription:         {Name: "mailShapeDescription", Number: 27, Kind: Text, Max: 50, Group: Handling, Comment: "shape of the piece in words (IV-MTR)"},
	SpecialService:               {Name: "specialService", Number: 28, Kind: Text, Max: 30, Group: Handling, Comment: "special service bought for the piece, such as Certified Mail; its scans are special service records"},
	IDTag:                        {Name: "idTag", Number: 29, Kind: Letters, Max: 20, Comment: "fluorescent identification tag of the piece (IV-MTR)"},
	PieceID:                      {Name: "pieceId", Number: 30, Kind: Text, Max: 36, Group: More, Comment: "the feed's own identifier of the piece, UUID (IV-MTR)"},
	EventID:                      {Name: "eventId", Number: 31, Kind: Text, Max: 36, Group: More, Comment: "the feed's own identifier of the event (IV-MTR)"},

	IMbTrackingCode:               {Name: "imbTrackingCode", Number: 35, Kind: Digits, Max: 20, Pad: 20, Derived: true, Comment: "tracking code of the Intelligent Mail barcode, 20 digits"},
	IMbStid:                       {Name: "imbStid", Number: 36, Kind: Digits, Max: 3, Pad: 3, Derived: true, Comment: "service type identifier, 3 digits"},
	IMbMid:                        {Name: "imbMid", Number: 37, Kind: Digits, Max: 9, Pad: 6, Derived: true, Comment: "mailer identifier, 6 or 9 digits"},
	IMbSerialNumber:               {Name: "imbSerialNumber", Number: 38, Kind: Digits, Max: 9, Pad: 6, Derived: true, Comment: "serial number, 9 or 6 digits"},
	IMbRoutingCode:                {Name: "imbRoutingCode", Number: 39, Kind: Digits, Max: 11, Pad: 5, Derived: true, Comment: "routing code, 5, 9 or 11 digits"},
	RoutingCodeIMbMatchingPortion: {Name: "routingCodeImbMatchingPortion", Number: 40, Kind: Digits, Max: 11, Pad: 5, Group: More, Comment: "part of the routing code that matched (IV-MTR)"},
	IMtbDestinationZip:            {Name: "imtbDestinationZip", Number: 41, Kind: Digits, Max: 5, Pad: 5, Derived: true, Comment: "destination ZIP Code of the tray barcode"},
	IMtbCin:                       {Name: "imtbCin", Number: 42, Kind: Digits, Max: 3, Pad: 3, Derived: true, Comment: "content identifier number of the tray barcode"},
	IMtbProcessingCode:            {Name: "imtbProcessingCode", Number: 43, Kind: Digits, Max: 1, Derived: true, Comment: "processing code of the tray barcode"},
	IMtbMid:                       {Name: "imtbMid", Number: 44, Kind: Digits, Max: 9, Pad: 6, Derived: true, Comment: "mailer identifier of the tray barcode"},
	IMtbSerialNumber:              {Name: "imtbSerialNumber", Number: 45, Kind: Digits, Max: 8, Pad: 5, Derived: true, Comment: "serial number of the tray barcode"},
	IMcbMid:                       {Name: "imcbMid", Number: 46, Kind: Digits, Max: 9, Pad: 6, Derived: true, Comment: "mailer identifier of the container barcode"},
	IMcbSerialNumber:              {Name: "imcbSerialNumber", Number: 47, Kind: Letters, Max: 12, Derived: true, Comment: "serial number of the container barcode"},

	StartTheClockDate:       {Name: "startTheClockDate", Number: 50, Kind: Date, Max: 10, Comment: "start-the-clock date (IV-MTR)"},
	PredictedDeliveryDate:   {Name: "predictedDeliveryDate", Number: 51, Kind: Date, Max: 10, Comment: "predicted delivery date (IV-MTR)"},
	ExpectedDeliveryDate:    {Name: "expectedDeliveryDate", Number: 52, Kind: Date, Max: 10, Comment: "expected delivery date (IV-MTR)"},
	AnticipatedDeliveryDate: {Name: "anticipatedDeliveryDate", Number: 53, Kind: Date, Max: 10, Comment: "anticipated delivery date (IV-MTR)"},

	EdocJobID:                      {Name: "edocJobId", Number: 60, Kind: Text, Max: 8, Group: Job, Comment: "job of the electronic documentation (IV-MTR)"},
	EdocMailingGroupID:             {Name: "edocMailingGroupId", Number: 61, Kind: Text, Max: 12, Group: Job, Comment: "mailing group of the electronic documentation (IV-MTR)"},
	EdocSubmitterCrid:              {Name: "edocSubmitterCrid", Number: 62, Kind: Digits, Max: 12, Group: Job, Comment: "customer registration identifier of the submitter (IV-MTR)"},
	EdocPackageID:                  {Name: "edocPackageId", Number: 63, Kind: Text, Max: 12, Group: More, Comment: "bundle in the electronic documentation (IV-MTR bundle)"},
	EdocContainerID:                {Name: "edocContainerId", Number: 64, Kind: Text, Max: 6, Group: More, Comment: "handling unit or container in the electronic documentation (IV-MTR)"},
	EdocParentContainerID:          {Name: "edocParentContainerId", Number: 65, Kind: Text, Max: 6, Group: More, Comment: "container that holds this one (IV-MTR)"},
	EdocSiblingContainerID:         {Name: "edocSiblingContainerId", Number: 66, Kind: Text, Max: 6, Group: More, Comment: "container beside this one (IV-MTR)"},
	EdocCsaAgreementID:             {Name: "edocCsaAgreementId", Number: 67, Kind: Text, Max: 10, Group: Job, Comment: "customer/supplier agreement (IV-MTR)"},
	EdocUserLicenseCode:            {Name: "edocUserLicenseCode", Number: 68, Kind: Text, Max: 4, Group: Job, Comment: "user licence code of the software (IV-MTR)"},
	ParentContainerEdocContainerID: {Name: "parentContainerEdocContainerId", Number: 69, Kind: Text, Max: 6, Group: More, Comment: "container that holds the piece (IV-MTR)"},
	ParentTrayEdocContainerID:      {Name: "parentTrayEdocContainerId", Number: 70, Kind: Text, Max: 6, Group: More, Comment: "tray that holds the piece (IV-MTR)"},

	LdeDeliveryMode:    {Name: "ldeDeliveryMode", Number: 75, Kind: Text, Max: 50, Group: More, Comment: "logical delivery: mode (IV-MTR)"},
	LdeInventoryMethod: {Name: "ldeInventoryMethod", Number: 76, Kind: Text, Max: 50, Group: More, Comment: "logical delivery: inventory method (IV-MTR)"},
	LdeTriggerMethod:   {Name: "ldeTriggerMethod", Number: 77, Kind: Text, Max: 50, Group: More, Comment: "logical delivery: trigger method (IV-MTR)"},

	AppointmentID: {Name: "appointmentId", Number: 80, Kind: Text, Max: 15, Group: More, Comment: "appointment of the drop shipment (IV-MTR)"},
	BundleCount:   {Name: "bundleCount", Number: 81, Kind: Count, Max: 10, Group: More, Comment: "bundles in the handling unit (IV-MTR)"},
	PieceCount:    {Name: "pieceCount", Number: 82, Kind: Count, Max: 10, Group: More, Comment: "pieces in the handling unit or container (IV-MTR)"},
	TrayCount:     {Name: "trayCount", Number: 83, Kind: Count, Max: 10, Group: More, Comment: "trays in the container (IV-MTR)"},
	ArrDtm:        {Name: "arrDtm", Number: 84, Kind: Moment, Max: 35, Group: More, Comment: "time of arrival as the feed sent it (IV-MTR)"},
	StcDate:       {Name: "stcDate", Number: 85, Kind: Date, Max: 10, Group: More, Comment: "start-the-clock date of the container (IV-MTR)"},
	StcFacName:    {Name: "stcFacName", Number: 86, Kind: Text, Max: 50, Group: More, Comment: "facility that started the clock: name (IV-MTR)"},
	StcFacAddr:    {Name: "stcFacAddr", Number: 87, Kind: Text, Max: 50, Group: More, Comment: "facility that started the clock: address (IV-MTR)"},
	StcFacCity:    {Name: "stcFacCity", Number: 88, Kind: Text, Max: 50, Group: More, Comment: "facility that started the clock: city (IV-MTR)"},
	StcFacState:   {Name: "stcFacState", Number: 89, Kind: Letters, Max: 2, Group: More, Comment: "facility that started the clock: state (IV-MTR)"},
	StcFacZip:     {Name: "stcFacZip", Number: 90, Kind: Digits, Max: 9, Lengths: []int{5, 9}, Pad: 5, Group: More, Comment: "facility that started the clock: ZIP Code (IV-MTR)"},
	StcFacLcleKey: {Name: "stcFacLcleKey", Number: 91, Kind: Letters, Max: 9, Group: More, Comment: "facility that started the clock: locale key (IV-MTR)"},

	RoutingCode: {Name: "routingCode", Number: 93, Kind: Digits, Max: 11, Lengths: []int{5, 9, 11}, Group: More, Later: true, Comment: "routing code that stood beside a PLANET code, 5, 9 or 11 digits (CONFIRM)"},
}

// Objects are the fields that can name the object of a scan.
var Objects = [...]Field{IMb, Bars, IMtb, IMcb, IMpb, S10, PLANET}

var byName = func() map[string]Field {
	names := make(map[string]Field, NumFields)
	for f := range specs {
		names[specs[f].Name] = Field(f)
	}
	return names
}()

// FieldByName returns the field with the JSON name.
func FieldByName(name []byte) (Field, bool) {
	f, ok := byName[string(name)]
	return f, ok
}
