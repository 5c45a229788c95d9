//! One attempt of one task: a file under a hidden name, written by a thread of its own so that
//! encoding overlaps with reading.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use sdk::{Error, Receipt, Result, Sealed, State, TaskId, TaskWriter, Written};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::encode::FileSink;
use super::place::Place;
use super::write::{Prepared, Target};
use crate::format::background::{Thread, blocking};
use crate::store::{StagedFile, remove, shown, sync_folder, write_error};

/// Batches waiting for the writing thread.
const QUEUED_BATCHES: usize = 2;

/// Creates the file and starts the thread.
pub(super) async fn start(
    place: Arc<Place>,
    target: Arc<Target>,
    prepared: Prepared,
    task: TaskId,
) -> Result<Box<dyn TaskWriter>> {
    let job = blocking(move || FileJob::new(&place, &target, &prepared, task)).await?;
    let (to_thread, batches) = mpsc::channel(QUEUED_BATCHES);
    let (reports, from_thread) = mpsc::unbounded_channel();
    let thread = Thread::start(move || job.run(batches, &reports))?;
    Ok(Box::new(FileTask {
        task,
        to_thread,
        from_thread,
        thread: Some(thread),
        sealed: None,
    }))
}

enum Message {
    Batch(RecordBatch),
    Seal,
}

/// The file of one attempt, on the thread that writes it. Dropping it unsealed removes the file.
struct FileJob {
    sink: Option<FileSink>,
    path: PathBuf,
    folder: PathBuf,
    name: String,
}

impl FileJob {
    fn new(place: &Place, target: &Target, prepared: &Prepared, task: TaskId) -> Result<FileJob> {
        let folder = &place.folder;
        let name = place.name(prepared, task);
        let attempt = Uuid::now_v7().simple().to_string();
        let (file, path) = StagedFile::create(folder, &name, &prepared.run, task.0, &attempt)?;
        let mut job = FileJob {
            sink: None,
            path,
            folder: folder.clone(),
            name,
        };
        let schema = Arc::new(prepared.schema.clone());
        job.sink = Some(FileSink::new(file, &shown(&job.path), target, &schema)?);
        Ok(job)
    }

    fn run(
        mut self,
        mut batches: mpsc::Receiver<Message>,
        reports: &mpsc::UnboundedSender<Written>,
    ) -> Result<StagedFile> {
        while let Some(message) = batches.blocking_recv() {
            match (message, &mut self.sink) {
                (Message::Batch(batch), Some(sink)) => {
                    let written = sink.write(&batch)?;
                    if reports.send(written).is_err() {
                        break;
                    }
                }
                (Message::Seal, _) => return self.seal(),
                (Message::Batch(_), None) => break,
            }
        }
        Err(Error::internal("the attempt was given up"))
    }

    fn seal(mut self) -> Result<StagedFile> {
        let sink = self
            .sink
            .take()
            .ok_or_else(|| Error::internal("a file was sealed twice"))?;
        let sealed = self.close(sink);
        if sealed.is_err() {
            // Nothing is promised of the file, so a failure to remove it adds nothing.
            let _ = remove(&self.path);
        }
        sealed
    }

    fn close(&self, sink: FileSink) -> Result<StagedFile> {
        let file = sink.finish()?;
        file.sync_all()
            .map_err(|error| write_error(&shown(&self.path), error))?;
        drop(file);
        sync_folder(&self.folder)?;
        StagedFile::complete(&self.path, &self.name)
    }
}

impl Drop for FileJob {
    fn drop(&mut self) {
        if self.sink.take().is_some() {
            // The attempt failed already; the file stays hidden and the abort of the run removes it.
            let _ = remove(&self.path);
        }
    }
}

struct FileTask {
    task: TaskId,
    to_thread: mpsc::Sender<Message>,
    from_thread: mpsc::UnboundedReceiver<Written>,
    thread: Option<Thread<StagedFile>>,
    sealed: Option<StagedFile>,
}

impl FileTask {
    /// Why the thread ended.
    async fn ended(&mut self) -> Result<StagedFile> {
        match self.thread.take() {
            Some(thread) => thread.outcome().await,
            None => Err(Error::internal("the file was closed already")),
        }
    }

    /// What the thread has written since the last time.
    fn written(&mut self) -> Written {
        let mut total = Written::default();
        while let Ok(written) = self.from_thread.try_recv() {
            total.row_count += written.row_count;
            total.refused.extend(written.refused);
        }
        total
    }
}

#[async_trait]
impl TaskWriter for FileTask {
    async fn write(&mut self, batch: RecordBatch) -> Result<Written> {
        if self.to_thread.send(Message::Batch(batch)).await.is_err() {
            self.ended().await?;
            return Err(Error::internal("a batch came after the file was sealed"));
        }
        Ok(self.written())
    }

    async fn seal(&mut self) -> Result<Sealed> {
        // If the thread is gone, its result says why.
        let _ = self.to_thread.send(Message::Seal).await;
        let file = self.ended().await?;
        let state = State::new(&file)?;
        self.sealed = Some(file);
        Ok(Sealed {
            written: self.written(),
            state,
        })
    }

    async fn publish(self: Box<Self>) -> Result<Receipt> {
        let file = self
            .sealed
            .as_ref()
            .ok_or_else(|| Error::internal("a file was published before it was sealed"))?;
        Ok(Receipt {
            task: self.task,
            state: State::new(file)?,
        })
    }
}
