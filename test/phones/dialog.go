package phones

import (
	"github.com/emiago/sipgo/sip"
)

// dialog is the state that requests within a call are built from (RFC 3261
// section 12). There are no proxies in the tests and so no route set.
type dialog struct {
	id     string
	local  sip.FromHeader
	remote sip.ToHeader
	target sip.Uri // the other side's Contact
	seq    uint32  // of the last request we sent
}

// dialogOfServer is the dialog of a received INVITE that has our tag in To.
func dialogOfServer(invite *sip.Request) dialog {
	d := dialog{
		id:     invite.CallID().Value(),
		local:  invite.To().AsFrom(),
		remote: invite.From().AsTo(),
		seq:    1,
	}
	d.retarget(invite)
	return d
}

// dialogOfClient is the dialog that a response to our INVITE makes.
func dialogOfClient(invite *sip.Request, res *sip.Response) dialog {
	from := *invite.From()
	to := *res.To()
	d := dialog{
		id:     invite.CallID().Value(),
		local:  from,
		remote: to,
		target: invite.Recipient,
		seq:    invite.CSeq().SeqNo,
	}
	d.retarget(res)
	return d
}

// retarget takes over the Contact of a target refresh (section 12.2.1.2).
func (d *dialog) retarget(m interface{ Contact() *sip.ContactHeader }) {
	if contact := m.Contact(); contact != nil {
		d.target = *contact.Address.Clone()
	}
}

func (d *dialog) localTag() string  { tag, _ := d.local.Params.Get("tag"); return tag }
func (d *dialog) remoteTag() string { tag, _ := d.remote.Params.Get("tag"); return tag }

// request builds the next request of the dialog.
func (d *dialog) request(method sip.RequestMethod) *sip.Request {
	d.seq++
	return d.requestSeq(method, d.seq)
}

// requestSeq builds a request with a given number: an ACK has that of its INVITE.
func (d *dialog) requestSeq(method sip.RequestMethod, seq uint32) *sip.Request {
	req := sip.NewRequest(method, *d.target.Clone())
	id := sip.CallIDHeader(d.id)
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(sip.HeaderClone(&d.local))
	req.AppendHeader(sip.HeaderClone(&d.remote))
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(&hops)
	req.SetTransport("UDP")
	return req
}
