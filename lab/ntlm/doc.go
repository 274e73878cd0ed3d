// Package ntlm is the accepting side of NTLMv2 for the practice servers: the
// challenge with its AV pairs, the proof, the key exchange, the MIC over all three
// messages, channel bindings, and sealing in both directions.
//
// It promises to let in nobody who does not know the password of an account, and to
// notice an altered handshake, a handshake that was meant for another TLS connection,
// and a sealed message that was altered, repeated, lost or sent back. NTLMv1 and the
// anonymous user are refused. A client that gets in here has spoken the real protocol.
//
// It knows no protocol that carries the messages, no world and no user but whom
// Acceptor.Password knows. It makes no messages of a client's: those come from
// clients that were not written here.
//
// Source: [MS-NLMP], and RFC 5929 section 4 for channel bindings.
package ntlm
