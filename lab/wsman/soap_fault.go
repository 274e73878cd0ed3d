package wsman

import (
	"fmt"
	"net/http"
)

// WSManFault codes, as in wsmerror.h and winerror.h.
const (
	codeAborted          = 995        // ERROR_OPERATION_ABORTED
	codeBusy             = 170        // ERROR_BUSY
	codeUnsupportedTime  = 2150858764 // ERROR_WSMAN_UNSUPPORTED_TIMEOUT
	codeMustUnderstand   = 2150858768 // ERROR_WSMAN_SOAP_FAULT_MUST_UNDERSTAND
	codeHeaderMissing    = 2150858769 // ERROR_WSMAN_MESSAGE_INFORMATION_HEADER_REQUIRED
	codeActionUnknown    = 2150858771 // ERROR_WSMAN_ACTION_NOT_SUPPORTED
	codeInvalidBody      = 2150858791 // ERROR_WSMAN_INVALID_SOAP_BODY
	codeTimeout          = 2150858793 // ERROR_WSMAN_OPERATION_TIMEDOUT
	codeEncodingLimit    = 2150858805 // ERROR_WSMAN_ENCODING_LIMIT
	codeInvalidResource  = 2150858811 // ERROR_WSMAN_INVALID_RESOURCE_URI
	codeSchema           = 2150858817 // ERROR_WSMAN_SCHEMA_VALIDATION_ERROR
	codeInvalidOption    = 2150858835 // ERROR_WSMAN_OPTIONS_INVALID_VALUE
	codeSelectors        = 2150858843 // ERROR_WSMAN_UNEXPECTED_SELECTORS
	codeShellQuota       = 2150859173 // ERROR_WSMAN_QUOTA_MAX_SHELLS
	codeCommandQuota     = 2150859241 // ERROR_WSMAN_QUOTA_MAX_COMMANDS_PER_SHELL_PPQ
	actionFault          = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
	actionFaultAddresses = "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"
	faultDetail          = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
)

// soapFault is a refusal in words and numbers: DSP0226 section 14 for roles and
// subcodes, [MS-WSMV] 2.2.4.43 for the WSManFault.
type soapFault struct {
	role    string // Sender: the request is at fault; Receiver: the host
	subcode string // with prefix a: or w:
	code    uint32
	text    string // reason and message
	detail  string // last part of the fault detail URI; "" is none
}

// answer makes the fault an answer of host name.
func (f *soapFault) answer(name string) answer {
	action := actionFault
	if f.subcode[0] == 'a' {
		action = actionFaultAddresses
	}
	detail := ""
	if f.detail != "" {
		detail = "<w:FaultDetail>" + faultDetail + f.detail + "</w:FaultDetail>"
	}
	text := escape(f.text)
	return answer{
		status: http.StatusInternalServerError,
		action: action,
		body: fmt.Sprintf(`<s:Fault><s:Code><s:Value>s:%s</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode></s:Code>`+
			`<s:Reason><s:Text xml:lang="en-US">%s</s:Text></s:Reason><s:Detail>%s`+
			`<f:WSManFault xmlns:f="%s" Code="%d" Machine="%s"><f:Message>%s</f:Message></f:WSManFault></s:Detail></s:Fault>`,
			f.role, f.subcode, text, detail, nsFault, f.code, escape(name), text),
	}
}

func faultTimeout() *soapFault {
	return &soapFault{"Receiver", "w:TimedOut", codeTimeout,
		"The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ", "OperationTimeout"}
}

func faultAborted() *soapFault {
	return &soapFault{"Receiver", "w:InternalError", codeAborted,
		"The I/O operation has been aborted because of either a thread exit or an application request. ", ""}
}

func faultBusy() *soapFault {
	return &soapFault{"Receiver", "w:InternalError", codeBusy, "The requested resource is in use. ", ""}
}

func faultShellGone(id string) *soapFault {
	return &soapFault{"Sender", "w:InvalidSelectors", codeSelectors,
		"The request for the Windows Remote Shell with ShellId " + id + " failed because the shell was not found on the server. " +
			"Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. " +
			"Provide the correct ShellId or create a new shell and retry the operation. ", "UnexpectedSelectors"}
}

func faultCommandGone() *soapFault {
	return &soapFault{"Sender", "w:InvalidSelectors", codeSelectors,
		"The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. " +
			"Either the command has completed execution or the client specified an invalid command identifier. ", "UnexpectedSelectors"}
}

func faultShellQuota(most int) *soapFault {
	return &soapFault{"Receiver", "w:QuotaLimit", codeShellQuota, fmt.Sprintf(
		"The WS-Management service cannot process the request. This user is allowed a maximum number of %d concurrent shells, "+
			"which has been exceeded. Close existing shells or raise the quota for this user. ", most), ""}
}

func faultCommandQuota(most int) *soapFault {
	return &soapFault{"Receiver", "w:QuotaLimit", codeCommandQuota, fmt.Sprintf(
		"The WS-Management service cannot process the request. The maximum number of %d concurrent commands per shell "+
			"has been exceeded. Retry your request later or raise the quota. ", most), ""}
}

func faultEnvelope() *soapFault {
	return &soapFault{"Sender", "w:EncodingLimit", codeEncodingLimit,
		"The WS-Management service cannot process the request because the encoding of the request exceeds an internal encoding limit. " +
			"Reconfigure the client to send messages which fit the encoding limits of the service. ", "ServiceEnvelopeLimit"}
}

func faultSmallEnvelope() *soapFault {
	f := faultEnvelope()
	f.detail = "MinimumEnvelopeLimit"
	return f
}

func faultInvalidXML() *soapFault {
	return &soapFault{"Sender", "w:SchemaValidationError", codeSchema,
		"The SOAP XML in the message does not match the corresponding XML schema definition. Change the XML and retry. ", ""}
}

func faultInvalidBody() *soapFault {
	return &soapFault{"Sender", "w:SchemaValidationError", codeInvalidBody,
		"The WS-Management service cannot process the request because the request packet does not have a valid SOAP body. ", ""}
}

func faultHeaderMissing() *soapFault {
	return &soapFault{"Sender", "a:MessageInformationHeaderRequired", codeHeaderMissing,
		"The WS-Management service cannot process the request. The request does not have all the expected SOAP headers. ", ""}
}

func faultMustUnderstand() *soapFault {
	return &soapFault{"Sender", "w:UnsupportedFeature", codeMustUnderstand,
		"The WS-Management service cannot process a SOAP header in the request that is marked as mustUnderstand by the client. " +
			"This could be caused by the use of a version of the protocol which is not supported, " +
			"or may be an incompatibility between the client and server implementations. ", ""}
}

func faultAction() *soapFault {
	return &soapFault{"Sender", "a:ActionNotSupported", codeActionUnknown,
		"The WS-Management service does not support the action specified in the request. ", ""}
}

func faultResource() *soapFault {
	return &soapFault{"Sender", "a:DestinationUnreachable", codeInvalidResource,
		"The WS-Management service cannot process the request. The resource URI is missing or it has an incorrect format. " +
			`Check the documentation or use the following command for information on how to construct a resource URI: "winrm help uris". `,
		"InvalidResourceURI"}
}

func faultShortTime() *soapFault {
	return &soapFault{"Sender", "w:UnsupportedFeature", codeUnsupportedTime,
		"The WS-Management service does not support the specified timeout. The value specified is smaller than the minimum allowed value " +
			"for this setting. Change the timeout value and try the request again. ", "OperationTimeout"}
}

func faultOption() *soapFault {
	return &soapFault{"Sender", "w:InvalidOptions", codeInvalidOption,
		"The WS-Management service cannot process the request because one or more of the options has an invalid value. ", "InvalidValue"}
}

// faultInjected is FaultFault: the code is what matters.
func faultInjected(code uint32) *soapFault {
	switch code {
	case 0, codeSelectors:
		return faultShellGone("of an earlier boot")
	case codeTimeout:
		return faultTimeout()
	case codeAborted:
		return faultAborted()
	case codeBusy:
		return faultBusy()
	case codeShellQuota:
		return faultShellQuota(defaultMaxShells)
	}
	return &soapFault{"Receiver", "w:InternalError", code, fmt.Sprintf("The WS-Management service reports error %d. ", code), ""}
}
