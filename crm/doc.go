// Package crm is the kernel of the CRM core: actor and permissions, phone
// numbers, pages, errors and the clock. Areas (crm/client, crm/interaction, …)
// build on it, never on each other.
package crm
