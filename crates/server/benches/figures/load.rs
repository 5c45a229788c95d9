//! An open loop: requests leave at their times, whether or not those before them were answered.
//!
//! A latency counts from the moment at which the request was to leave, so a server that stalls pays for
//! everything that had to wait meanwhile.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::stage::Stage;

/// A list that is called, with the paths that vary what is asked of it.
pub(crate) struct Route {
    pub(crate) name: &'static str,
    pub(crate) paths: Vec<String>,
}

/// Sends `rate` requests a second for as long; returns the latencies of each route.
pub(crate) fn run(
    stage: &Stage,
    routes: &[Route],
    rate: u64,
    time: Duration,
) -> Vec<Vec<Duration>> {
    let client = crate::stage::client();
    let count = rate * time.as_secs();
    let mut latencies: Vec<Vec<Duration>> = routes.iter().map(|_| Vec::new()).collect();
    stage.runtime.block_on(async {
        let mut requests = JoinSet::new();
        let begin = Instant::now() + Duration::from_millis(100);
        // Any fixed order will do in which neighbours differ.
        let mut random: u64 = 20_260_304;
        for number in 0..count {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let place = usize::try_from(random >> 33).unwrap();
            let (route, place) = (place % routes.len(), place / routes.len());
            let path = &routes[route].paths[place % routes[route].paths.len()];
            let request = client
                .get(format!("{}{path}", stage.address))
                .header("cookie", &stage.cookie);
            let leaves =
                begin + Duration::from_nanos(1_000_000_000 / rate) * u32::try_from(number).unwrap();
            sleep_until(leaves).await;
            let path = path.clone();
            requests.spawn(async move {
                let answer = request.send().await.unwrap();
                let status = answer.status();
                let text = answer.text().await.unwrap();
                let latency = leaves.elapsed();
                assert!(
                    status == 200 && !text.contains("\"items\":[]"),
                    "{path}: {status} {text}"
                );
                (route, latency)
            });
        }
        while let Some(done) = requests.join_next().await {
            let (route, latency) = done.unwrap();
            latencies[route].push(latency);
        }
    });
    latencies
}

/// The latency in milliseconds that so many of a hundred did not exceed; sorts.
pub(crate) fn percentile(latencies: &mut [Duration], percent: usize) -> f64 {
    latencies.sort();
    let place = (latencies.len() * percent).div_ceil(100).max(1) - 1;
    latencies
        .get(place)
        .map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
}
