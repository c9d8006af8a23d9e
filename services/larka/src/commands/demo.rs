//! `larka demo`: a fresh instance, filled with a made-up municipality through its own HTTP API.

mod answering;
mod posting;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use admin::{CredentialInput, CredentialTask};
use clap::Args;
use disclosure::Lang;
use indicatif::{ProgressBar, ProgressStyle};
use render::{Format, View};
use serde_json::Value;
use synthetic::{Plan, World};
use tokio::sync::{Mutex, mpsc};

use self::answering::Open;
use self::posting::Poster;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::serving::{self, Listeners, Running};
use crate::settings::{self, Common, ServeFlags, Settings};
use crate::tasks::reports;
use crate::tasks::{self, Task};
use crate::terminal;

/// Statements in one request.
const BATCH: usize = 50;
/// Connections that post at the same time.
const CONNECTIONS: usize = 8;
/// The school year that is made up begins in August of this year.
const SCHOOL_YEAR: i32 = 2025;
/// How the address of the self-assessment of digital competence ends.
const ASSESSMENT: &str = "digital-sjalvskattning";
/// Stands in a folder that the demo has filled to the end.
const FILLED: &str = "demo.json";

/// What `demo` takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Flags {
    /// How many people the municipality has: employees and pupils
    #[arg(long, default_value_t = 1500, value_parser = clap::value_parser!(u32).range(50..=200_000))]
    people: u32,
    /// How many statements they make over a school year
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(100..))]
    statements: u64,
    /// The same seed gives the same statements
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave once the reports are written
    #[arg(long)]
    exit: bool,
    #[command(flatten)]
    serve: ServeFlags,
}

impl Flags {
    /// The flags that it shares with `serve`.
    pub(crate) fn serve(&self) -> ServeFlags {
        self.serve.clone()
    }
}

/// `larka demo`
pub(crate) async fn run(common: &Common, flags: Flags) -> Result<(), Failure> {
    let mut common = common.clone();
    let folder = common.storage.data_dir.get_or_insert_with(|| PathBuf::from("larka-demo")).clone();
    refuse_twice(&folder)?;
    let mut settings = Settings::read(&common, &flags.serve)?;
    if settings.storage.database_url.is_some() && Instance::is_there(&settings).await? {
        return Err(Failure::setting(
            "database-url",
            "a database without an instance: the demo fills a fresh one",
        ));
    }
    let listeners = match Listeners::bind(&mut settings.listening).await {
        // Where nobody is to come in afterwards, any port will do while another server has the usual one.
        Err(_) if flags.exit && settings.listening.listen == settings::USUAL => {
            settings.listening.listen.set_port(0);
            Listeners::bind(&mut settings.listening).await?
        }
        bound => bound?,
    };
    let instance = Instance::make(settings).await?;
    let login = "admin".to_owned();
    let account = tasks::perform(&instance, Task::CreateUser { login: login.clone() }).await?;
    let credential = tasks::perform(
        &instance,
        Task::Credential(CredentialTask::Create(CredentialInput {
            name: "demo".to_owned(),
            scopes: vec!["all".to_owned()],
            expires: None,
            rate: None,
            burst: None,
            rules: None,
        })),
    )
    .await?;
    let running = serving::start(Arc::clone(&instance), listeners).await?;
    let address = format!("http://{}", running.address);
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(300)).build()?;
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let administrator = Poster {
        http: http.clone(),
        address: address.clone(),
        name: login,
        secret: text(&account, "password"),
    };
    let tool = Poster { http, address, name: text(&credential, "key"), secret: text(&credential, "secret") };

    let plan =
        Plan { people: flags.people, statements: flags.statements, seed: flags.seed, year: SCHOOL_YEAR };
    let world = tokio::task::spawn_blocking(move || World::new(&plan)).await?;
    let world = Arc::new(world);
    describe(&administrator, &world).await?;
    post_statements(&tool, &world, flags.statements).await?;
    let bar = spinner("answers on the pages");
    let staff = answering::staff(&instance, &administrator, &world).await?;
    let guardians = answering::guardians(&instance, &administrator, &world).await?;
    let open = answering::guardians_again(&instance, &administrator, &world).await?;
    bar.finish_and_clear();
    wait(&instance).await?;
    let written = write_reports(&instance, &folder).await?;
    let note =
        serde_json::json!({ "people": flags.people, "statements": flags.statements, "seed": flags.seed });
    std::fs::write(folder.join(FILLED), note.to_string())?;
    let image = folder.join("enkat.svg");
    std::fs::write(&image, &open.qr)?;
    let assessed = world.rounds().rounds.into_iter().rfind(|round| round.survey.ends_with(ASSESSMENT));
    let assessed = assessed.map(|round| round.id).unwrap_or_default();
    let shown = Shown { staff, assessed, guardians, open, image };
    welcome(&administrator, &tool, &world, &written, &shown)?;
    if !flags.exit {
        serving::stop_signal().await;
    }
    Running::stop(running).await
}

/// A folder that something is in already is left alone.
fn refuse_twice(folder: &Path) -> Result<(), Failure> {
    let name = folder.display();
    if folder.join(FILLED).exists() {
        return Err(Failure::new(format!(
            "{name} is filled already; open it with `larka serve --data-dir {name}`, or remove the folder for a new one"
        )));
    }
    let empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if !empty {
        return Err(Failure::new(format!(
            "{name} is not empty and was not filled to the end by a demo; remove it, or choose another with --data-dir"
        )));
    }
    Ok(())
}

/// The organisation, the courses, the surveys and their rounds.
async fn describe(to: &Poster, world: &World) -> Result<(), Failure> {
    let bar = spinner("organisation, courses, surveys");
    to.post_json("organisation", &world.organisation()).await?;
    to.post_json("courses", &world.courses()).await?;
    to.post_json("surveys", &world.surveys()).await?;
    to.post_json("rounds", &world.rounds()).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Posts every statement, in batches over several connections, with a progress bar.
async fn post_statements(to: &Poster, world: &Arc<World>, count: u64) -> Result<(), Failure> {
    let bar = bar(count);
    let (batches, waiting) = mpsc::channel::<(u64, String)>(CONNECTIONS * 4);
    let source = Arc::clone(world);
    // Making statements is work for a processor, so it stands beside the runtime.
    let maker = tokio::task::spawn_blocking(move || {
        let mut statements = source.statements();
        loop {
            let batch: Vec<String> = statements.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return;
            }
            let size = batch.len() as u64;
            if batches.blocking_send((size, format!("[{}]", batch.join(",")))).is_err() {
                return;
            }
        }
    });
    let waiting = Arc::new(Mutex::new(waiting));
    let mut posters = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (to, waiting, bar) = (to.clone(), Arc::clone(&waiting), bar.clone());
        posters.spawn(async move {
            loop {
                let next = waiting.lock().await.recv().await;
                let Some((size, body)) = next else { return Ok::<(), Failure>(()) };
                to.post_statements(body).await?;
                bar.inc(size);
            }
        });
    }
    while let Some(done) = posters.join_next().await {
        done??;
    }
    maker.await?;
    bar.finish_and_clear();
    Ok(())
}

/// Waits until the views and the lake have seen everything.
async fn wait(instance: &Instance) -> Result<(), Failure> {
    let bar = spinner("views and lake");
    let head = instance.log.head().await?.position;
    let mut seen = instance.log.subscribe();
    instance.municipality.refresh().await?;
    loop {
        let standing = instance.worker.status().await?;
        if let Some(stopped) = standing.iter().find(|s| s.stopped()) {
            return Err(Failure::new(format!("{} has stopped: {:?}", stopped.name, stopped.stopped)));
        }
        if standing.iter().all(|s| s.position >= head) {
            break;
        }
        // A follower says nothing when it is done; the log's own news or a short while will do.
        let _ = tokio::time::timeout(Duration::from_millis(100), seen.changed()).await;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Every report in both languages and all forms, in the folder `reports`.
async fn write_reports(instance: &Instance, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let bar = spinner("reports");
    let folder = folder.join("reports");
    std::fs::create_dir_all(&folder)?;
    let mut written = Vec::new();
    for (name, released) in reports::all(instance).await? {
        // PDF takes a program of its own, and a second for each: it is asked for.
        for format in Format::ALL.into_iter().filter(|format| *format != Format::Pdf) {
            let languages: &[Lang] = if format.has_language() { &[Lang::Sv, Lang::En] } else { &[Lang::Sv] };
            for lang in languages {
                let language = if format.has_language() { format!("{}.", lang.tag()) } else { String::new() };
                let path = folder.join(format!("{name}.{language}{}", format.name()));
                std::fs::write(&path, reports::write(instance, &View::new(&released, *lang), format).await?)?;
                written.push(path);
            }
        }
    }
    bar.finish_and_clear();
    Ok(written)
}

/// A bar on a terminal; elsewhere nothing, so that a log is not filled with it.
fn bar(count: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} statements, {per_sec}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn spinner(what: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// What is shown of surveys.
struct Shown {
    /// The staff's round, which nobody can link.
    staff: String,
    /// The last round of the self-assessment.
    assessed: String,
    /// The guardians' round.
    guardians: String,
    /// Their next one, which is open.
    open: Open,
    /// Where its QR code lies.
    image: PathBuf,
}

/// What to open, with which log-in, and which surveys there are.
fn welcome(
    administrator: &Poster,
    tool: &Poster,
    world: &World,
    written: &[PathBuf],
    shown: &Shown,
) -> Result<(), Failure> {
    let at = &administrator.address;
    let mut text = format!(
        "{} is ready.\n\n  Open      {at}/\n  Log-in    {}\n  Password  {}\n\n  xAPI      {at}/xapi/\n  Key       {}\n  \
         Secret    {}\n\n",
        world.name(),
        administrator.name,
        administrator.secret,
        tool.name,
        tool.secret,
    );
    if let Some(folder) = written.first().and_then(|path| path.parent()) {
        text.push_str(&format!("  Reports   {} files in {}\n", written.len(), folder.display()));
    }
    let Shown { staff, assessed, guardians, open: Open { round, code, .. }, image } = shown;
    for (sv, en, address) in [
        (
            "Personalens arbetsdag: ingen kan se vem som svarat vad",
            "the staff's working day: nobody can tell who answered what",
            format!("reports/survey?round={staff}"),
        ),
        (
            "Digital kompetens, självskattning: under pseudonym, två omgångar",
            "digital competence, self-assessed: pseudonymous, two rounds",
            format!("reports/survey?round={assessed}"),
        ),
        (
            "Vårdnadshavarna: antalet är uppskattat efter elever",
            "the guardians: their number is estimated by pupils",
            format!("reports/survey?round={guardians}"),
        ),
        (
            "Vårdnadshavarna en gång till: öppen nu; bjud in här",
            "the guardians once more: open now; invite here",
            format!("surveys/rounds/{round}"),
        ),
    ] {
        text.push_str(&format!("\n  Enkät     {sv}\n  Survey    {en}\n            {at}/{address}\n"));
    }
    text.push_str(&format!(
        "\n  Svara     vårdnadshavarnas enkät, utan konto; som QR-kod i {0}\n  \
         Answer    the guardians' survey, without an account; as a QR code in {0}\n            {at}/s/{code}\n",
        image.display(),
    ));
    terminal::print(text.as_bytes())
}
