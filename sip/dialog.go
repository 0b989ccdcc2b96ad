package sip

import (
	"slices"

	sipmsg "github.com/emiago/sipgo/sip"
)

// dialog is the state that requests within a dialog are built from (RFC 3261
// section 12). Not safe for concurrent use.
type dialog struct {
	id     string
	local  sipmsg.FromHeader
	remote sipmsg.ToHeader
	target sipmsg.Uri // the other side's Contact
	routes []string   // Route values, nearest proxy first
	seq    uint32     // of the last request we sent
}

// begun is the dialog that an answer to our request makes.
func begun(req *sipmsg.Request, res *sipmsg.Response) *dialog {
	d := &dialog{id: req.CallID().Value(), local: *req.From(), remote: *res.To(), target: *req.Recipient.Clone(), seq: req.CSeq().SeqNo}
	for _, h := range slices.Backward(res.GetHeaders("Record-Route")) {
		d.routes = append(d.routes, h.Value())
	}
	if c := res.Contact(); c != nil {
		d.target = *c.Address.Clone()
	}
	return d
}

// request builds the next request of the dialog.
func (d *dialog) request(method sipmsg.RequestMethod) *sipmsg.Request {
	d.seq++
	return d.numbered(method, d.seq)
}

// numbered builds a request of a given number: an ACK has that of its INVITE.
func (d *dialog) numbered(method sipmsg.RequestMethod, seq uint32) *sipmsg.Request {
	req := sipmsg.NewRequest(method, *d.target.Clone())
	id := sipmsg.CallIDHeader(d.id)
	hops := sipmsg.MaxForwardsHeader(70)
	for _, r := range d.routes {
		req.AppendHeader(sipmsg.NewHeader("Route", r))
	}
	req.AppendHeader(sipmsg.HeaderClone(&d.local))
	req.AppendHeader(sipmsg.HeaderClone(&d.remote))
	req.AppendHeader(&id)
	req.AppendHeader(&sipmsg.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(&hops)
	req.AppendHeader(sipmsg.NewHeader("User-Agent", userAgent))
	return req
}

// sent takes over the number of a request that was repeated with a digest.
func (d *dialog) sent(req *sipmsg.Request) { d.seq = req.CSeq().SeqNo }
