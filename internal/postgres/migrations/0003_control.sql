-- +goose Up
-- Whose owner asked not to be called (CO-02).
ALTER TABLE crm.number_mark ADD COLUMN do_not_call boolean NOT NULL DEFAULT false;

-- Vendor by whose header a telephone answers click-to-call itself (CO-05).
ALTER TABLE crm.employee_device ADD COLUMN auto_answer text NOT NULL DEFAULT ''
	CHECK (auto_answer IN ('', 'yealink', 'grandstream', 'snom', 'cisco', 'fanvil', 'panasonic'));

-- +goose Down
ALTER TABLE crm.employee_device DROP COLUMN auto_answer;
ALTER TABLE crm.number_mark DROP COLUMN do_not_call;
