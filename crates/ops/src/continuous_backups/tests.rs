//! Continuous backups as they are set and described, on the engine in memory.

use api::*;
use base::Clock;
use storage::Memory;

use crate::service::{Service, Settings};
use crate::tests::catalog::{caller, simple};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn recovery_reaches_back_to_its_beginning_or_its_period() {
    let settings = Settings { endpoint: String::new(), ..Settings::default() };
    let (clock, hand) = Clock::manual(100 * DAY_MS);
    let service = Service::open(Memory::new(), settings, clock).await.unwrap();
    service.create_table(&caller(), simple("kept")).await.unwrap();
    let days = |days: u64| Some(Timestamp { epoch_ms: (days * DAY_MS) as i64 });
    for (wait_days, ask, status, period, earliest) in [
        (0, None, PointInTimeRecoveryStatus::Disabled, None, None),
        (1, Some((true, Some(7))), PointInTimeRecoveryStatus::Enabled, Some(7), days(101)),
        (3, None, PointInTimeRecoveryStatus::Enabled, Some(7), days(101)),
        (6, None, PointInTimeRecoveryStatus::Enabled, Some(7), days(103)),
        (0, Some((true, None)), PointInTimeRecoveryStatus::Enabled, Some(35), days(101)),
        (0, Some((true, Some(7))), PointInTimeRecoveryStatus::Enabled, Some(7), days(103)),
        (0, Some((true, Some(35))), PointInTimeRecoveryStatus::Enabled, Some(35), days(101)),
        (0, Some((false, None)), PointInTimeRecoveryStatus::Disabled, None, None),
    ] {
        hand.advance_ms(wait_days * DAY_MS);
        if let Some((enabled, period)) = ask {
            let request = UpdateContinuousBackupsInput {
                table_name: "kept".to_owned(),
                point_in_time_recovery_specification: PointInTimeRecoverySpecification {
                    point_in_time_recovery_enabled: enabled,
                    recovery_period_in_days: period,
                },
            };
            service.update_continuous_backups(&caller(), request).await.unwrap();
        }
        let request = DescribeContinuousBackupsInput { table_name: "kept".to_owned() };
        let found = service.describe_continuous_backups(&caller(), request).await.unwrap();
        let found = found.continuous_backups_description.unwrap();
        assert_eq!(found.continuous_backups_status, ContinuousBackupsStatus::Enabled);
        let recovery = found.point_in_time_recovery_description.unwrap();
        assert_eq!(recovery.point_in_time_recovery_status, Some(status));
        assert_eq!(recovery.recovery_period_in_days, period);
        assert_eq!(recovery.earliest_restorable_date_time, earliest);
    }
    let request = DescribeContinuousBackupsInput { table_name: "none".to_owned() };
    let absent = service.describe_continuous_backups(&caller(), request).await.unwrap_err();
    assert_eq!(absent, Exception::TableNotFound("Table not found: none".to_owned()));
}
