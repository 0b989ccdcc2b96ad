package app

import (
	"context"
	"fmt"

	"ringcard/configs"
	"ringcard/crm/employee"
	"ringcard/internal/doctor"
	"ringcard/internal/postgres"
	"ringcard/internal/redis"
)

// DoctorOptions gives the doctor the database and Redis of the configuration.
func DoctorOptions(ctx context.Context, cfg configs.Config) doctor.Options {
	opt := doctor.Options{Config: cfg}
	if url, ok := RunningDatabase(ctx, cfg); ok {
		opt.Database = doctorDatabase{url}
	}
	if url := cfg.Redis.URL.Reveal(); url != "" {
		opt.Redis = func(ctx context.Context) error { return pingRedis(ctx, url) }
	}
	return opt
}

type doctorDatabase struct{ url string }

var _ doctor.Database = doctorDatabase{}

// Pending implements doctor.Database.
func (d doctorDatabase) Pending(ctx context.Context) (int, error) {
	return postgres.Pending(ctx, d.url)
}

// Devices implements doctor.Database.
func (d doctorDatabase) Devices(ctx context.Context) ([]doctor.Device, error) {
	db, err := postgres.Open(ctx, d.url, nil)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	store := postgres.NewEmployeeStore(db)
	staff, err := employee.NewService(employee.Stores{Users: store, Sessions: store, Tokens: store}, employee.Options{}).Staff(ctx)
	if err != nil {
		return nil, err
	}
	var devices []doctor.Device
	for _, u := range staff {
		for _, dev := range u.Devices {
			devices = append(devices, doctor.Device{User: u.Name, PBX: dev.PBX, Endpoint: dev.Endpoint})
		}
	}
	return devices, nil
}

func pingRedis(ctx context.Context, url string) error {
	client, err := redis.Open(url)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}
