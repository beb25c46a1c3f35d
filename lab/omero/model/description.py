"""Which classes of the OMERO model the lab keeps, and how they refer to each other.

One line per class. `field>Class` is a reference, `field<Class.inverse` a collection of the objects whose `inverse`
refers back, `field=` a list of named values,
`field@` a length with its unit. Plain fields are not listed: omero-py's classes name and type them.
A line `Class:Base` is kept in the table of its base.
"""

ENUMERATIONS = {
    "AdminPrivilege": [
        "Chgrp",
        "Chown",
        "DeleteFile",
        "DeleteManagedRepo",
        "DeleteOwned",
        "DeleteScriptRepo",
        "ModifyGroup",
        "ModifyGroupMembership",
        "ModifyUser",
        "ReadSession",
        "Sudo",
        "WriteFile",
        "WriteManagedRepo",
        "WriteOwned",
        "WriteScriptRepo",
    ],
    "ChecksumAlgorithm": ["Adler-32", "CRC-32", "File-Size-64", "MD5-128", "Murmur3-32", "Murmur3-128", "SHA1-160"],
    "Correction": [
        "UV",
        "PlanApo",
        "PlanFluor",
        "SuperFluor",
        "VioletCorrected",
        "Achro",
        "Achromat",
        "Fluor",
        "Fl",
        "Fluar",
        "Neofluar",
        "Fluotar",
        "Apo",
        "Other",
        "Unknown",
    ],
    "DimensionOrder": ["XYZCT", "XYCTZ", "XYZTC", "XYTCZ", "XYCZT", "XYTZC"],
    "EventType": [
        "Bootstrap",
        "Task",
        "User",
        "Internal",
        "Sessions",
        "Test",
        "Shares",
        "FullText",
        "Thumbs",
        "PixelData",
        "Processing",
    ],
    "Format": ["OMETiff", "Tiff", "PNG", "JPEG", "Fake"],
    "Immersion": ["Oil", "Water", "WaterDipping", "Air", "Multi", "Glycerol", "Other", "Unknown"],
    "JobStatus": [
        "Submitted",
        "Resubmitted",
        "Queued",
        "Requeued",
        "Running",
        "Error",
        "Waiting",
        "Finished",
        "Cancelled",
    ],
    "Medium": ["Air", "Oil", "Water", "Glycerol", "Other", "Unknown"],
    "MicroscopeType": ["Upright", "Inverted", "Dissection", "Electrophysiology", "Other", "Unknown"],
    "PixelsType": [
        "bit",
        "int8",
        "int16",
        "int32",
        "uint8",
        "uint16",
        "uint32",
        "float",
        "double",
        "complex",
        "double-complex",
    ],
}

ANNOTATED = [
    "Annotation",
    "Dataset",
    "Experimenter",
    "ExperimenterGroup",
    "Fileset",
    "Image",
    "OriginalFile",
    "Plate",
    "PlateAcquisition",
    "Project",
    "Screen",
    "Session",
    "Well",
]

CLASSES = """
Experimenter            groupExperimenterMap<GroupExperimenterMap.child config=
ExperimenterGroup       groupExperimenterMap<GroupExperimenterMap.parent config=
GroupExperimenterMap    parent>ExperimenterGroup child>Experimenter
Node                    sessions<Session.node
Session                 node>Node owner>Experimenter sudoer>Experimenter events<Event.session
Event                   experimenter>Experimenter experimenterGroup>ExperimenterGroup type>EventType
Event                   containingEvent>Event session>Session logs<EventLog.event
EventLog                event>Event
ExternalInfo
Project                 datasetLinks<ProjectDatasetLink.parent
Dataset                 projectLinks<ProjectDatasetLink.child imageLinks<DatasetImageLink.parent
ProjectDatasetLink      parent>Project child>Dataset
DatasetImageLink        parent>Dataset child>Image
Image                   fileset>Fileset format>Format pixels<Pixels.image wellSamples<WellSample.image
Image                   datasetLinks<DatasetImageLink.child
Image                   instrument>Instrument objectiveSettings>ObjectiveSettings
Instrument              microscope>Microscope objective<Objective.instrument
Microscope              type>MicroscopeType
Objective               instrument>Instrument immersion>Immersion correction>Correction
ObjectiveSettings       objective>Objective medium>Medium
Pixels                  image>Image relatedTo>Pixels pixelsType>PixelsType dimensionOrder>DimensionOrder
Pixels                  channels<Channel.pixels pixelsFileMaps<PixelsOriginalFileMap.child
Pixels                  physicalSizeX@ physicalSizeY@ physicalSizeZ@
Channel                 pixels>Pixels logicalChannel>LogicalChannel statsInfo>StatsInfo
StatsInfo
LogicalChannel          channels<Channel.logicalChannel
PixelsOriginalFileMap   parent>OriginalFile child>Pixels
Fileset                 usedFiles<FilesetEntry.fileset[] images<Image.fileset jobLinks<FilesetJobLink.parent
FilesetEntry            fileset>Fileset originalFile>OriginalFile
FilesetJobLink          parent>Fileset child>Job
Job                     status>JobStatus originalFileLinks<JobOriginalFileLink.parent
UploadJob:Job           versionInfo=
MetadataImportJob:Job   versionInfo=
PixelDataJob:Job
ThumbnailGenerationJob:Job
IndexingJob:Job
JobOriginalFileLink     parent>Job child>OriginalFile
OriginalFile            hasher>ChecksumAlgorithm filesetEntries<FilesetEntry.originalFile
OriginalFile            pixelsFileMaps<PixelsOriginalFileMap.parent
Screen                  plateLinks<ScreenPlateLink.parent
Plate                   screenLinks<ScreenPlateLink.child wells<Well.plate
Plate                   plateAcquisitions<PlateAcquisition.plate
ScreenPlateLink         parent>Screen child>Plate
PlateAcquisition        plate>Plate wellSample<WellSample.plateAcquisition
Well                    plate>Plate wellSamples<WellSample.well
WellSample              plateAcquisition>PlateAcquisition well>Well image>Image
Annotation
BasicAnnotation:Annotation
NumericAnnotation:BasicAnnotation
TextAnnotation:Annotation
BooleanAnnotation:BasicAnnotation
DoubleAnnotation:NumericAnnotation
LongAnnotation:NumericAnnotation
TermAnnotation:BasicAnnotation
TimestampAnnotation:BasicAnnotation
CommentAnnotation:TextAnnotation
TagAnnotation:TextAnnotation
XmlAnnotation:TextAnnotation
ListAnnotation:Annotation
MapAnnotation:Annotation mapValue=
FileAnnotation:Annotation file>OriginalFile
"""

# Classes without instances of their own: omero-py has no `...I` for them to read the Java name from.
ABSTRACT = {
    "Job": "ome.model.jobs.Job",
    "Annotation": "ome.model.annotations.Annotation",
    "BasicAnnotation": "ome.model.annotations.BasicAnnotation",
    "NumericAnnotation": "ome.model.annotations.NumericAnnotation",
    "TextAnnotation": "ome.model.annotations.TextAnnotation",
}

# Links that exist once for a pair, and once for a pair and an owner.
UNIQUE = {
    "Experimenter": ("omeName",),
    "ExperimenterGroup": ("name",),
    "GroupExperimenterMap": ("parent", "child"),
    "ProjectDatasetLink": ("parent", "child", "owner_id"),
    "DatasetImageLink": ("parent", "child", "owner_id"),
    "ScreenPlateLink": ("parent", "child", "owner_id"),
    "PixelsOriginalFileMap": ("parent", "child", "owner_id"),
    "FilesetJobLink": ("parent", "child", "owner_id"),
    "JobOriginalFileLink": ("parent", "child", "owner_id"),
    **{f"{name}AnnotationLink": ("parent", "child", "owner_id") for name in ANNOTATED},
}

# Further columns that queries look things up by; references are indexed anyway.
INDEXED = {
    "Annotation": ("ns", "textValue"),
    "Dataset": ("name",),
    "EventLog": ("entityId", "entityType"),
    "FilesetEntry": ("clientPath",),
    "Image": ("name",),
    "OriginalFile": ("path",),
    "Project": ("name",),
    "Session": ("uuid",),
}
