//! Where statements may go, and that forwards leave each other alone.

use forward::{ForwardError, Reach};

use crate::other::Other;
use crate::promises;
use crate::rig::*;
use crate::world::{Working, to_lrs};

promises! {
    async fn what_is_not_public_is_reached_only_by_setting_also_by_a_forward_made_before(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        other.until("the first", |other| other.taken() == [id(1)]).await;
        working.done("county").await;
        working.end().await;

        let working = Working::within(&rig, "two", Reach::Public);
        rig.post(&statement(2, "anna", "a")).await.expect(200);
        let standing = working.until("county", "the failure shows", |standing| standing.forward.failing.is_some()).await;
        assert!(standing.forward.failing.unwrap().1.contains("reach-private"));
        for to in ["http://127.0.0.1:9/xapi", "http://lrs.example/xapi", "https://192.168.1.1/xapi", "https://169.254.169.254/"] {
            let wanted = forward::Wanted { to: to.into(), ..to_lrs("another", &other) };
            let refused = working.forwards.create(wanted, None).await;
            assert!(matches!(refused, Err(ForwardError::Invalid { at: "/to", .. })), "{to}");
        }
        // A name tells nothing before it is looked up: what it leads to is seen when the connection is made.
        let wanted = forward::Wanted { to: "https://localhost:9/xapi".into(), ..to_lrs("named", &other) };
        working.forwards.create(wanted, None).await.unwrap();
        let standing = working.until("named", "the failure shows", |standing| standing.forward.failing.is_some()).await;
        assert!(standing.forward.failing.unwrap().1.contains("loopback or private address"));
        assert_eq!(other.came().len(), 1);
        working.end().await;

        let working = Working::begin(&rig, "three");
        let never = forward::Wanted { to: "http://169.254.169.254/xapi".into(), ..to_lrs("never", &other) };
        assert!(matches!(working.forwards.create(never, None).await, Err(ForwardError::Invalid { at: "/to", .. })));
        other.until("what had waited", |other| other.taken() == [id(1), id(2)]).await;
        working.end().await;
    }

    async fn one_forward_that_is_made_paused_or_resumed_does_not_start_the_others_anew(rig) {
        let (busy, well) = (Other::start(), Other::start());
        let working = Working::begin(&rig, "one");
        busy.behave(|_, number| if number == 0 { (429, Some("3600")) } else { (200, None) });
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        working.forwards.create(to_lrs("busy", &busy), None).await.unwrap();
        working.until("busy", "it was asked to wait", |standing| standing.forward.failing.is_some()).await;
        working.forwards.create(to_lrs("well", &well), None).await.unwrap();
        for number in 2..=4 {
            working.forwards.pause("well", None).await.unwrap();
            working.forwards.resume("well", None, None).await.unwrap();
            rig.post(&statement(number, "anna", "a")).await.expect(200);
            // Whoever starts this one anew has looked at the other too.
            working.done("well").await;
        }
        assert_eq!(well.has().len(), 4);
        assert_eq!(busy.came().len(), 1, "it is left alone, as it asked to be");
        working.forwards.resume("busy", None, None).await.unwrap();
        busy.until("it is asked again", |other| other.has().len() == 4).await;
        working.end().await;
    }
}
