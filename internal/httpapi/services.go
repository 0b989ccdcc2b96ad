package httpapi

import (
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/crm/interaction"
	"ringcard/crm/obligation"
	"ringcard/crm/recording"
	"ringcard/crm/report"
	"ringcard/crm/routing"
)

// Services are the use cases of the CRM.
type Services struct {
	Clients      *client.Service
	Interactions *interaction.Service
	CallLog      *calllog.Service
	Employees    *employee.Service
	Routing      *routing.Service
	Recordings   *recording.Service
	Obligations  *obligation.Service
	Reports      *report.Service
}
